// The text of a request to an upstream.
#include "net/http/upstream_request.hpp"

#include <doctest/doctest.h>

namespace wsrelay::upstream_request_test {

namespace {

struct fixture {
  fixture() {
    upstream.host = "app.example";
    upstream.path = "/base";
    request.method = "GET";
    request.target = "/ws";
  }

  std::string head() {
    auto got = to_upstream_head(upstream, request, forwarded);
    REQUIRE(std::holds_alternative<std::string>(got));
    return std::get<std::string>(std::move(got));
  }

  unsigned refusal() {
    auto got = to_upstream_head(upstream, request, forwarded);
    auto* why = std::get_if<problem>(&got);
    return why ? why->status : 0;
  }

  bool has(std::string_view line) {
    return head().find("\r\n" + std::string{line} + "\r\n")
           != std::string::npos;
  }

  upstream_handler upstream;
  http_request request;
  http_fields forwarded;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a request has its line, Host and the client's "
                           "fields in order") {
  request.headers = {{"Host", "relay"}, {"B", "1"}, {"A", "2"}, {"B", "3"}};
  request.target = "/ws?q=%20&/../";
  CHECK(head()
        == "GET /base/ws?q=%20&/../ HTTP/1.1\r\nHost: app.example\r\n"
           "B: 1\r\nA: 2\r\nB: 3\r\nVia: 1.1 wsrelay\r\n\r\n");
}

TEST_CASE_FIXTURE(fixture, "Host has a port that is not the scheme's own") {
  struct row {
    bool tls;
    std::string host;
    std::uint16_t port;
    std::string_view line;
  };
  for (auto& [tls, host, port, line] : {
           row{false, "a", 80, "Host: a"},
           row{false, "a", 443, "Host: a:443"},
           row{true, "a", 443, "Host: a"},
           row{true, "a", 80, "Host: a:80"},
           row{false, "::1", 80, "Host: [::1]"},
           row{true, "::1", 8443, "Host: [::1]:8443"},
       }) {
    upstream.tls = tls;
    upstream.host = host;
    upstream.port = port;
    CHECK(has(line));
  }
}

TEST_CASE_FIXTURE(fixture, "what a client says about proxies, the relay and "
                           "the hop stays behind") {
  request.headers = {{"X-Forwarded-For", "6.6.6.6"},
                     {"x-forwarded-anything", "6.6.6.6"},
                     {"FORWARDED", "for=6.6.6.6"},
                     {"X-WS-Relay", "6.6.6.6"},
                     {"x-ws-relay-signature", "6.6.6.6"},
                     {"X-WS-Relay-Upgrade", "6.6.6.6"},
                     {"Upgrade", "6.6.6.6"},
                     {"Connection", "upgrade, X-Hop"},
                     {"X-Hop", "6.6.6.6"},
                     {"Expect", "6.6.6.6"},
                     {"Trailer", "6.6.6.6"},
                     {"TE", "6.6.6.6"},
                     {"Transfer-Encoding", "6.6.6.6"},
                     {"Sec-WebSocket-Key", "6.6.6.6"},
                     {"X-Real-IP", "6.6.6.6"},
                     {"Proxy", "6.6.6.6"}};
  forwarded = {{"X-Forwarded-For", "192.0.2.7"}, {"Forwarded", "for=x"}};
  CHECK(head()
        == "GET /base/ws HTTP/1.1\r\nHost: app.example\r\n"
           "X-Forwarded-For: 192.0.2.7\r\nForwarded: for=x\r\n"
           "Via: 1.1 wsrelay\r\n\r\n");
}

TEST_CASE_FIXTURE(fixture, "nor does it pass in a spelling that a server takes "
                           "for the same") {
  for (auto name :
       {"X_Forwarded_For", "x_forwarded-anything", "X.Forwarded.Host",
        "X_WS_Relay", "X_WS_Relay_Upgrade", "x-ws_relay-signature",
        "Content_Length", "Transfer_Encoding", "Sec_WebSocket_Key"}) {
    CAPTURE(name);
    request.headers = {{name, "6.6.6.6"}, {"X_Other", "1"}};
    CHECK(head()
          == "GET /base/ws HTTP/1.1\r\nHost: app.example\r\n"
             "X_Other: 1\r\nVia: 1.1 wsrelay\r\n\r\n");
  }
}

TEST_CASE_FIXTURE(fixture, "it says which proxies it came through") {
  CHECK(has("Via: 1.1 wsrelay"));
  request.headers = {{"Via", "1.0 a"}, {"Accept", "b"}, {"via", "2 c, 1.1 d"}};
  CHECK(has("Via: 1.0 a, 2 c, 1.1 d, 1.1 wsrelay"));
  CHECK_FALSE(has("Via: 1.0 a"));
}

TEST_CASE_FIXTURE(fixture, "only a request for a WebSocket is marked as one") {
  CHECK(!has("X-WS-Relay-Upgrade: websocket"));
  request.websocket = true;
  CHECK(has("X-WS-Relay-Upgrade: websocket"));
  CHECK(!has("X-WS-Relay-Connection"));
  auto node = std::string(40, 'A');
  request.client_pid = "7@" + node + "#1";
  CHECK(has("X-WS-Relay-Connection: 7@" + node + "-1")); // as URLs have it
}

TEST_CASE_FIXTURE(fixture, "a body has a length, an empty one where it "
                           "matters") {
  SUBCASE("none") {
    for (auto method : {"GET", "HEAD", "DELETE", "OPTIONS"}) {
      request.method = method;
      CHECK(head().find("Content-Length") == std::string::npos);
    }
  }
  SUBCASE("by the method") {
    for (auto method : {"POST", "PUT", "PATCH"}) {
      request.method = method;
      CHECK(has("Content-Length: 0"));
    }
  }
  SUBCASE("told by the client") {
    request.method = "DELETE";
    request.headers = {{"content-length", "0"}};
    CHECK(has("Content-Length: 0"));
  }
  SUBCASE("there is one") {
    request.headers = {{"Content-Length", "99"}};
    request.body = "abc";
    CHECK(has("Content-Length: 3"));
    CHECK(!has("Content-Length: 99"));
  }
}

TEST_CASE_FIXTURE(fixture, "Connection says when nothing is kept") {
  upstream.max_idle_connections = 1;
  CHECK(!has("Connection: close"));
  upstream.max_idle_connections = 0;
  CHECK(has("Connection: close"));
}

TEST_CASE_FIXTURE(fixture, "dot segments are refused in every spelling") {
  for (auto path :
       {"/..",      "/../x",       "/x/..",       "/x/../y", "/.",
        "/./x",     "/x/.",        "/%2e%2e/x",   "/%2E%2e", "/.%2e/x",
        "/%2e",     "/x%2f..%2fy", "/x%2F%2e%2E", "/..;/x",  "/..;a=b/x",
        "/..%3b/x", "/..\\x",      "/x%5c..%5cy", "/..?q",   "/%zz/.."}) {
    CAPTURE(path);
    request.target = path;
    CHECK(refusal() == 400);
  }
}

TEST_CASE_FIXTURE(fixture, "dots that are no segment pass") {
  for (auto path : {"/", "/...", "/.x", "/x.", "/..x", "/x..", "/a/..b/c",
                    "/%2ex", "/x?..", "/x?/../", "//x", "/x//y"}) {
    CAPTURE(path);
    request.target = path;
    CHECK(refusal() == 0);
  }
}

TEST_CASE_FIXTURE(fixture, "what would split a request is refused or left "
                           "out") {
  for (auto path :
       {"", "x", "*", "http://a/", "/a b", "/a\r\nX: y", "/a\x7F"}) {
    CAPTURE(path);
    request.target = path;
    CHECK(refusal() == 400);
  }
  request.target = "/";
  request.headers = {{"A", "b\r\nX: y"}, {"A b", "c"}, {"", "d"}};
  CHECK(head()
        == "GET /base/ HTTP/1.1\r\nHost: app.example\r\nVia: 1.1 "
           "wsrelay\r\n\r\n");
  request.method = "G T";
  CHECK(refusal() == 400);
  request.method = "CONNECT";
  CHECK(refusal() == 501);
}

TEST_CASE("methods that may be sent twice") {
  for (auto method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
    CHECK(is_idempotent(method));
  for (auto method : {"POST", "PATCH", "get", "", "X"})
    CHECK(!is_idempotent(method));
}

} // namespace wsrelay::upstream_request_test
