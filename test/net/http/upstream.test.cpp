// The HTTP client, against a server that says what the test wants.
#include "net/http/upstream.hpp"

#include "config/upstream_url.hpp"
#include "test/net/support.hpp"

#include <doctest/doctest.h>

using namespace wsrelay;
using namespace wsrelay::test;

namespace {

struct fixture : loop_fixture {
  fixture() {
    auto url = "http://127.0.0.1:" + std::to_string(server.port()) + "/base";
    upstream = *parse_upstream_url(url);
    request.method = "GET";
    request.target = "/ws?a=b";
    request.path = "/ws";
    request.headers = {{"Host", "relay.example"}, {"Cookie", "c=1"}};
    request.remote_address = "192.0.2.7";
  }

  ~fixture() { home.stop(); }

  void ask() {
    auto promise = std::make_shared<std::promise<upstream_result>>();
    answer = promise->get_future();
    home.post([this, promise] {
      ask_upstream(home, upstream, request, [promise](upstream_result result) {
        promise->set_value(std::move(result));
      });
    });
  }

  // Answers the request with `text` and closes; returns the request.
  std::string serve(std::string_view text) {
    ask();
    auto client = server.accept();
    auto seen = client.receive_until("\r\n\r\n");
    client.send(text);
    return seen;
  }

  http_response response() {
    auto result = answer.get();
    REQUIRE(std::holds_alternative<http_response>(result));
    return std::get<http_response>(std::move(result));
  }

  problem refusal() {
    auto result = answer.get();
    REQUIRE(std::holds_alternative<problem>(result));
    CHECK(std::get<problem>(result).check == "upstream");
    return std::get<problem>(std::move(result));
  }

  plain_listener server;
  upstream_handler upstream;
  http_request request;
  std::future<upstream_result> answer;
};

bool contains(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

} // namespace

TEST_CASE_FIXTURE(fixture, "an answer comes back with its status, fields and "
                           "body") {
  serve("HTTP/1.1 403 No\r\nX-A: b\r\nContent-Length: 2\r\n"
        "Connection: close\r\nKeep-Alive: x\r\n\r\nno");
  auto got = response();
  CHECK(got.status == 403);
  CHECK(got.body.view() == "no");
  CHECK(got.headers == http_fields{{"X-A", "b"}});
}

TEST_CASE_FIXTURE(fixture, "a chunked answer comes back as a whole") {
  serve("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK(response().body.view() == "abcde");
}

TEST_CASE_FIXTURE(fixture, "an answer without a length ends with the socket") {
  serve("HTTP/1.1 200 OK\r\n\r\nto the end");
  CHECK(response().body.view() == "to the end");
}

TEST_CASE_FIXTURE(fixture, "the request goes below the upstream's path") {
  auto seen = serve("HTTP/1.1 204 OK\r\n\r\n");
  CHECK(seen.starts_with("GET /base/ws?a=b HTTP/1.1\r\n"));
  CHECK(contains(seen, "Host: 127.0.0.1:"));
  CHECK(contains(seen, "Cookie: c=1\r\n"));
  CHECK(response().status == 204);
}

TEST_CASE_FIXTURE(fixture, "what a client says about proxies is replaced") {
  request.headers.insert(request.headers.end(),
                         {{"X-Forwarded-For", "6.6.6.6"},
                          {"X-Forwarded-Host", "evil"},
                          {"Forwarded", "for=6.6.6.6"},
                          {"X-WS-Relay", "{}"},
                          {"X-WS-Relay-Signature", "v1"},
                          {"Upgrade", "websocket"},
                          {"Connection", "upgrade, X-Hop"},
                          {"X-Hop", "1"},
                          {"Sec-WebSocket-Key", "k"}});
  auto seen = serve("HTTP/1.1 204 OK\r\n\r\n");
  CHECK(contains(seen, "X-Forwarded-For: 192.0.2.7\r\n"));
  CHECK(contains(seen, "X-Forwarded-Host: relay.example\r\n"));
  CHECK(contains(seen, "X-Forwarded-Proto: http\r\n"));
  for (auto gone : {"6.6.6.6", "evil", "Relay", "Upgrade", "X-Hop", "Sec-"})
    CHECK(!contains(seen, gone));
  response();
}

TEST_CASE_FIXTURE(fixture, "a body goes with the request") {
  request.method = "POST";
  request.body = shared_buffer{"some body"};
  ask();
  auto client = server.accept();
  CHECK(contains(client.receive_until("\r\n\r\n"), "Content-Length: 9\r\n"));
  CHECK(client.receive_exactly(9) == "some body");
  client.send("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(response().status == 201);
}

TEST_CASE_FIXTURE(fixture, "an answer to HEAD has a length and no body") {
  request.method = "HEAD";
  serve("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  CHECK(response().body.empty());
}

TEST_CASE_FIXTURE(fixture, "a server that is not there is a bad gateway") {
  server.close();
  ask();
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "a name that is unknown is a bad gateway") {
  upstream.host = "no.such.host.invalid";
  ask();
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "what is no HTTP is a bad gateway") {
  SUBCASE("nothing") {
    serve("");
  }
  SUBCASE("another protocol") {
    serve("SSH-2.0-x\r\n\r\n");
  }
  SUBCASE("half a header") {
    serve("HTTP/1.1 200 OK\r\nX-A:");
  }
  SUBCASE("half a body") {
    serve("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  }
  SUBCASE("no number") {
    serve("HTTP/1.1 abc OK\r\n\r\n");
  }
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "an answer that is not final is a bad gateway") {
  serve("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "an answer over the limit is a bad gateway") {
  upstream.max_response_size = 10;
  SUBCASE("told") {
    serve("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n");
  }
  SUBCASE("not told") {
    serve("HTTP/1.1 200 OK\r\n\r\n12345678901");
  }
  auto why = refusal();
  CHECK(why.status == 502);
  CHECK(why.detail == "the upstream's response is too large");
}

TEST_CASE_FIXTURE(fixture, "an answer of just the limit passes") {
  upstream.max_response_size = 10;
  serve("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234567890");
  CHECK(response().body.size() == 10);
}

TEST_CASE_FIXTURE(fixture, "a server that is silent times out") {
  upstream.response_timeout = 20ms;
  ask();
  auto client = server.accept();
  CHECK(refusal().status == 504);
  CHECK(contains(client.receive_until("\r\n\r\n"), "GET "));
  CHECK(client.receive() == ""); // the relay has closed
}

TEST_CASE_FIXTURE(fixture, "a reset is a bad gateway") {
  ask();
  auto client = server.accept();
  client.receive_until("\r\n\r\n");
  client.reset();
  CHECK(refusal().status == 502);
}
