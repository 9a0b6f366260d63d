// A client of upstreams on a loop, and a server that says what the test wants.
#pragma once

#include "config/upstream_url.hpp"
#include "net/http/upstream.hpp"
#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <atomic>
#include <mutex>

namespace wsrelay::test {

inline bool contains(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

struct upstream_fixture : loop_fixture {
  upstream_fixture() {
    auto url = fmt::format("http://127.0.0.1:{}/base", server.port());
    upstream = *parse_upstream_url(url);
    request.method = "GET";
    request.target = "/ws?a=b";
    request.path = "/ws";
    request.headers = {{"Host", "relay.example"}, {"Cookie", "c=1"}};
    request.remote_address = "192.0.2.7";
    use_names({});
  }

  ~upstream_fixture() {
    home.stop();
    client.reset();
  }

  void use_names(name_resolver_options options) {
    auto names = std::make_shared<name_resolver>(std::move(options));
    home.call([&] {
      client =
          std::make_unique<upstream_client>(home, std::move(names), contexts);
    });
  }

  void ask() {
    auto promise = std::make_shared<std::promise<upstream_result>>();
    answer = promise->get_future();
    call = home.call([&] {
      return client->ask(std::make_shared<upstream_handler>(upstream), request,
                         {{"X-Forwarded-For", "192.0.2.7"}},
                         [promise](upstream_result result) {
                           promise->set_value(std::move(result));
                         });
    });
  }

  /// Answers the request with `text` and closes; returns the request.
  std::string serve(std::string_view text) {
    ask();
    auto peer = server.accept();
    auto seen = peer.receive_until("\r\n\r\n");
    peer.send(text);
    return seen;
  }

  upstream_result result() {
    REQUIRE(answer.wait_for(patience) == std::future_status::ready);
    return answer.get();
  }

  http_answer full_answer() {
    auto got = result();
    if (auto* why = std::get_if<problem>(&got))
      FAIL(why->detail);
    return std::get<http_answer>(std::move(got));
  }

  http_response response() { return full_answer().response; }

  problem refusal() {
    auto got = result();
    REQUIRE(std::holds_alternative<problem>(got));
    CHECK(std::get<problem>(got).check == "upstream");
    return std::get<problem>(std::move(got));
  }

  /// Whether nothing has been answered, and the loop has nothing left to do.
  bool is_waiting() {
    make_turns();
    return answer.wait_for(0s) == std::future_status::timeout;
  }

  std::size_t idle_count() {
    return home.call([this] { return client->idle_count(); });
  }

  plain_listener server;
  upstream_handler upstream;
  http_request request;
  std::shared_ptr<upstream_contexts> contexts =
      std::make_shared<upstream_contexts>();
  std::unique_ptr<upstream_client> client;
  std::shared_ptr<upstream_call> call;
  std::future<upstream_result> answer;
};

} // namespace wsrelay::test
