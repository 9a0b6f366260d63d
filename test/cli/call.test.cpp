// A handler's response: as it prints, and from a node over a real connection.
#include "tools/wsrelay/call.hpp"

#include "actors/directory.hpp"
#include "net/node.hpp"
#include "tools/wsrelay/connect.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>

#include <future>
#include <memory>

namespace wsrelay::call_test {

using namespace wsrelay::cli;
using namespace std::chrono_literals;

namespace {

http_response response(std::uint16_t status, http_fields headers,
                       std::string_view body) {
  return {status, std::move(headers), shared_buffer{body}, caf::none};
}

using refused = std::promise<ws_refused>;

// Ends when nobody comes, and tells.
caf::behavior target(caf::event_based_actor* self,
                     std::shared_ptr<refused> heard) {
  return {[self, heard](const ws_refused& message) {
    heard->set_value(message);
    self->quit();
  }};
}

// Who asks, and for what.
std::string seen(const http_request& request) {
  auto out = request.remote_address + " " + request.scheme + "://"
             + request.host + request.target;
  for (auto& [name, value] : request.params)
    out += " " + name + "=" + value;
  return out + (request.websocket ? " websocket" : "");
}

// Answers with what it was asked; /relay is an upgrade to a new target.
caf::behavior handler(caf::event_based_actor* self,
                      std::shared_ptr<refused> heard) {
  return {
      [self, heard](const http_request& request) -> caf::result<http_response> {
        if (request.path == "/error")
          return caf::sec::runtime_error;
        if (request.path == "/seen")
          return response(200, {}, seen(request));
        auto answer =
            response(201, request.headers,
                     request.method + " " + request.path + " " + request.query
                         + " " + std::string{request.body.view()});
        if (request.path == "/relay")
          answer.relay = relay_to{self->spawn(target, heard), "in",
                                  milliseconds{30'000}, R"({"a":1})"};
        return answer;
      }};
}

// A node with a handler, and a command line that is connected to it.
struct two_systems {
  two_systems() {
    config.clusters.push_back({});
    config.clusters.front().name = "app1";
    config.clusters.front().listen = "127.0.0.1:0";
    far_settings.prepare(config);
    far.emplace(far_settings);
    relay.emplace(*far, config);
    actor = far->spawn(handler, heard);
    REQUIRE(relay->put("login", actor));
    REQUIRE(relay->start());
  }

  node_client connected() {
    connect_options where;
    where.host = "127.0.0.1";
    where.port = relay->cluster_port();
    auto found = connect(near, where);
    if (!found)
      FAIL(found.error().what);
    return {near, *found, where.timeout};
  }

  relay_config config;
  system_config far_settings;
  std::optional<caf::actor_system> far;
  std::shared_ptr<refused> heard = std::make_shared<refused>();
  caf::actor actor;
  std::optional<node> relay;
  system_config near_settings;
  caf::actor_system near{near_settings};
};

} // namespace

TEST_CASE("a response prints as its status, headers and body") {
  CHECK(to_lines(response(204, {}, "")) == "204\n");
  CHECK(to_lines(response(401, {{"A", "b"}, {"C\x1b", "d\x1b"}}, "no\tway\x1b"))
        == "401\nA: b\nC\\x1b: d\\x1b\n\nno\tway\\x1b\n");
  CHECK(to_lines(response(200, {}, "two\nlines\n")) == "200\n\ntwo\nlines\n");
}

TEST_CASE("a relay command prints as its header") {
  auto relayed =
      response(200, {{"x-ws-relay", R"({"target_pid":"chat"})"}}, "");
  CHECK(to_lines(relayed) == "200\nX-WS-Relay: {\"target_pid\":\"chat\"}\n");
}

TEST_CASE("as JSON a response is one object") {
  CHECK(to_json(response(200, {{"A", "b"}}, "x"))
        == R"({"status":200,"headers":[{"name":"A","value":"b"}],"body":"x"})"
           "\n");
  CHECK(to_json(
            response(200, {{"X-WS-Relay", R"({"target_pid":"chat"})"}}, "\xff"))
        == R"({"status":200,"headers":[{"name":"X-WS-Relay",)"
           R"("value":"{\"target_pid\":\"chat\"}"}],)"
           R"("relay":{"target_pid":"chat"},"body_base64":"/w=="})"
           "\n");
}

TEST_CASE_FIXTURE(two_systems, "a handler gets the request, its answer is "
                               "printed") {
  auto node = connected();
  options opts;
  opts.subject = "login";
  opts.method = "POST";
  opts.path = "/a?b=c";
  opts.text = "body";
  opts.headers = {{"X-User", "ann"}};
  CHECK(call(node, opts) == "201\nX-User: ann\n\nPOST /a b=c body\n");
}

TEST_CASE_FIXTURE(two_systems, "a request comes from this machine unless told "
                               "otherwise") {
  auto node = connected();
  options opts;
  opts.subject = "login";
  opts.path = "/seen?a=b";
  CHECK(call(node, opts) == "200\n\n127.0.0.1 http://localhost/seen?a=b\n");
  opts.address = "2001:db8::1";
  opts.scheme = "https";
  opts.headers = {{"host", "app.example.com"}};
  opts.params = {{"room", "7"}};
  opts.websocket = true;
  CHECK(call(node, opts)
        == "200\n\n2001:db8::1 https://app.example.com/seen?a=b room=7 "
           "websocket\n");
}

TEST_CASE_FIXTURE(two_systems, "a command that holds a handle shows its PID, "
                               "and its target hears that nobody comes") {
  auto node = connected();
  options opts;
  opts.subject = "login";
  opts.path = "/relay";
  auto text = call(node, opts);
  CHECK(text.starts_with("201\nX-WS-Relay: {\"target_pid\":\""));
  CHECK(text.ends_with("@" + to_string(actor.node())
                       + "\",\"message_topic\":\"in\","
                         "\"heartbeat_interval\":\"30s\","
                         "\"metadata\":{\"a\":1}}\n\n /relay  \n"));
  auto told = heard->get_future();
  REQUIRE(told.wait_for(20s) == std::future_status::ready);
  auto message = told.get();
  CHECK(message.reason == "client");
  CHECK(message.metadata.view() == R"({"a":1})");
}

TEST_CASE_FIXTURE(two_systems, "a handler that fails, and one that is not "
                               "there, are errors") {
  auto node = connected();
  options opts;
  opts.subject = "login";
  opts.path = "/error";
  try {
    call(node, opts);
    FAIL("no error");
  } catch (const command_error& error) {
    CHECK(error.code == exit_code::refused);
  }
  opts.subject = "nobody";
  try {
    call(node, opts);
    FAIL("no error");
  } catch (const command_error& error) {
    CHECK(error.code == exit_code::not_found);
  }
}

} // namespace wsrelay::call_test
