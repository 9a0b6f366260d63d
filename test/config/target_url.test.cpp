// The URL of an http.target.
#include "test/config/target_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace wsrelay::target_url_test {

using test::errors;
using test::hook_at;
using test::hook_of;

namespace {

constexpr std::string_view bad_url =
    "relay.yaml:3: hook.url: must be http://host[:port]/path[?query], or https";

std::string request_target(std::string_view url) {
  return hook_of(hook_at(url)).request_target;
}

// Host, port and whether TLS is spoken.
std::string server(std::string_view url) {
  auto x = hook_of(hook_at(url)).server;
  return x.host + " " + std::to_string(x.port) + (x.tls ? " tls" : "");
}

// An http.service that listens there, behind a target.
std::string beside(std::string_view url, std::string_view addr) {
  return hook_at(url) + "- {name: web, kind: http.service, addr: "
         + std::string{addr} + "}\n";
}

} // namespace

// -- the URL ------------------------------------------------------------------

TEST_CASE("a target without a url is none") {
  CHECK(errors("- name: hook\n  kind: http.target\n")
        == "relay.yaml:1: hook.url: is missing");
  CHECK(errors(hook_at("")) == bad_url);
}

TEST_CASE("a target's server has a host, and a port unless it is the usual") {
  CHECK(server("http://app") == "app 80");
  CHECK(server("https://app") == "app 443 tls");
  CHECK(server("http://app:8000/x") == "app 8000");
  CHECK(server("https://app:80/x") == "app 80 tls");
  CHECK(server("http://app.example.com:65535?x") == "app.example.com 65535");
  CHECK(server("http://192.0.2.1/") == "192.0.2.1 80");
}

TEST_CASE("a target's server may be an address of IPv6") {
  CHECK(server("http://[2001:db8::1]") == "2001:db8::1 80");
  CHECK(server("https://[2001:db8::1]:8443/x?y") == "2001:db8::1 8443 tls");
  CHECK(request_target("http://[2001:db8::1]/x?y") == "/x?y");
  CHECK(request_target("http://[2001:db8::1]:81") == "/");
  for (auto url : {"http://2001:db8::1/x", "http://[2001:db8::1",
                   "http://[app]", "http://[]/x", "http://[192.0.2.1]/x"}) {
    CAPTURE(url);
    CHECK(errors(hook_at(url)) == bad_url);
  }
}

TEST_CASE("path and query are sent as they are written") {
  CHECK(request_target("http://app/") == "/");
  CHECK(request_target("http://app/hook") == "/hook");
  CHECK(request_target("http://app/hook/") == "/hook/");
  CHECK(request_target("http://app/a//b//") == "/a//b//");
  CHECK(request_target("http://app/%C3%A9%2Fx") == "/%C3%A9%2Fx");
  CHECK(request_target("http://app/hook?a=1&b=%20") == "/hook?a=1&b=%20");
  CHECK(request_target("http://app/hook/?a") == "/hook/?a");
  CHECK(request_target("http://app/hook?") == "/hook?");
  CHECK(request_target("http://app?a=1") == "/?a=1");
  CHECK(request_target("http://app?a=/b") == "/?a=/b");
  CHECK(request_target("http://app/x?to=http://b/../c?d")
        == "/x?to=http://b/../c?d");
}

TEST_CASE("what is no url of a target is told what one is") {
  for (auto url :
       {"app", "app:80/x", "//app/x", "/x", "ftp://app/x", "ws://app/x",
        "wss://app/x", "HTTP://app/x", "http:/app", "http://", "http:///x",
        "http://?x", "http://:80/x",
        // ports
        "http://app:0/x", "http://app:65536/x", "http://app:/x",
        "http://app:http/x",
        // user info
        "http://user@app/x", "http://user:password@app/x", "http://@app/x",
        // fragments
        "http://app#f", "http://app/x#f", "http://app/x?y#f", "http://app/x?#",
        // spaces and other bytes
        " http://app/x", "http://app/x ", "http://ap p/x", "http://app/x y",
        "http://app/x?y z", "http://app/x\\ty", "http://app/x?y\\nz",
        "http://app/x?\\x7F", "http://app/x?\\xE9", "http://app/\\xE9",
        // dot segments, in any spelling
        "http://app/.", "http://app/..", "http://app/a/../b",
        "http://app/a/./b?c", "http://app/%2e%2E/b", "http://app/a%2f..%2fb"}) {
    CAPTURE(url);
    CHECK(errors(hook_at(url)) == bad_url);
  }
}

// -- the relay's own listener -------------------------------------------------

TEST_CASE("a target does not post to its own relay") {
  struct row {
    std::string url, addr;
  };
  for (auto& each :
       {row{"http://localhost:8000/x", "127.0.0.1:8000"},
        row{"http://127.0.0.1:8000/x", "127.0.0.1:8000"},
        row{"http://127.0.0.1:8000/x", "localhost:8000"},
        row{"http://[::1]:8000/x", "\"[::1]:8000\""},
        row{"http://localhost:8000", "\"[::1]:8000\""},
        row{"http://127.0.0.1:8000?x", "0.0.0.0:8000"},
        row{"http://localhost:8000", "\":8000\""},
        row{"http://[::1]:8000", "\":8000\""},
        row{"http://[::1]:8000", "\"[::]:8000\""},
        row{"https://localhost", "\":443\""},
        row{"http://localhost", "\":80\""},
        row{"http://app.example:8000", "\"app.example:8000\""},
        row{"http://192.0.2.1:8000", "192.0.2.1:8000"},
        row{"http://localhost:8000", "[\"127.0.0.1:1\", \":8000\"]"}}) {
    CAPTURE(each.url);
    CAPTURE(each.addr);
    CHECK(errors(beside(each.url, each.addr))
          == "relay.yaml:3: hook.url: is this relay's own web");
  }
}

TEST_CASE("a target posts to other ports and hosts") {
  struct row {
    std::string url, addr;
  };
  for (auto& each : {row{"http://localhost:8001/x", "127.0.0.1:8000"},
                     row{"http://127.0.0.1:8001/x", "\":8000\""},
                     row{"http://[::1]:8001", "\"[::]:8000\""},
                     row{"https://localhost", "\":80\""},
                     row{"http://app:8000", "\":8000\""},
                     row{"http://192.0.2.2:8000", "192.0.2.1:8000"},
                     row{"http://127.0.0.1:8000", "192.0.2.1:8000"},
                     row{"http://192.0.2.1:8000", "127.0.0.1:8000"},
                     row{"http://localhost:80", "\"127.0.0.1:0\""},
                     row{"http://localhost:80", "\"unix:/tmp/x\""},
                     row{"http://localhost:80", "\"systemd:web\""}}) {
    CAPTURE(each.url);
    CAPTURE(each.addr);
    CHECK(errors(beside(each.url, each.addr)) == "");
  }
}

TEST_CASE("the service that is there without one is the relay's own, too") {
  auto files = std::string{"- {name: s, kind: http.static, path: /, meta: "
                           "{server: gateway}, root: \"builtin:demo\"}\n"};
  CHECK(errors(files + hook_at("http://localhost:8080/x"))
        == "relay.yaml:4: hook.url: is this relay's own gateway");
  CHECK(errors(files + hook_at("http://localhost:8081/x")) == "");
  CHECK(errors(hook_at("http://localhost:8080/x")) == "");
}

} // namespace wsrelay::target_url_test
