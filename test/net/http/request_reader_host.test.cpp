// Whom a request is for: its target and its Host; and the fields around them.
#include "net/http/request_reader.hpp"

#include "test/net/http/reader_support.hpp"

#include <doctest/doctest.h>

namespace wsrelay::request_reader_host_test {

using namespace wsrelay::test;

namespace {

std::string request_to(std::string_view host) {
  return "GET / HTTP/1.1\r\nHost: " + std::string{host} + "\r\n\r\n";
}

std::string request_for(std::string_view method, std::string_view target) {
  return std::string{method} + " " + std::string{target}
         + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

std::string request_with(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string{lines} + "\r\n\r\n";
}

} // namespace

TEST_CASE("a request needs exactly one valid Host (RFC 9112 section 3.2)") {
  for (std::string_view host :
       {"a", "a.example.:80", "127.0.0.1", "[::1]:8080", "a:"})
    CHECK_MESSAGE(status_of(request_to(host)) == 0, host);
  for (std::string_view host :
       {"a b", "http://a/", "a@b", "[::1", "a:99999", "a:80:80", "<script>",
        "a/b", "a\r\nHost: a", "a\r\nhost: b", "a?b", "a#b", "\xC3\xA4"})
    CHECK_MESSAGE(status_of(request_to(host)) == 400, host);
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 0);
  CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.0\r\nHost: a b\r\n\r\n") == 400);
}

TEST_CASE("an absolute target is taken apart (RFC 9112 section 3.2.2)") {
  struct sample {
    std::string_view target, origin_form, host;
  };
  for (auto& [target, origin_form, host] : {
           sample{"http://a/b?c", "/b?c", "a"},
           {"https://a:1/b", "/b", "a:1"},
           {"WS://[::1]:8080", "/", "[::1]:8080"},
           {"wss://a.example?x=http://b/", "/?x=http://b/", "a.example"},
       }) {
    auto request = read_request(request_for("GET", target));
    CHECK(request.target == origin_form);
    CHECK(joined(request.headers) == "Host: " + std::string{host} + "|");
  }
  auto old = read_request("GET http://a/ HTTP/1.0\r\n\r\n");
  CHECK(joined(old.headers) == "Host: a|");
}

TEST_CASE("targets that are none are 400") {
  for (std::string_view target : {"ftp://a/",    "http:/a",
                                  "http:a",      "http://",
                                  "http:///a",   "http://?a",
                                  "http://u@a/", "http://u:p@a/",
                                  "http://a b/", "http://a:99999/",
                                  "://a/",       "a",
                                  "?a",          "*a",
                                  "/a#b",        "http://a#b",
                                  "/\xC3\xA4",   "/a b",
                                  "/a\tb",       "/a\x7F",
                                  "*",           "x-http://a/",
                                  "data:,x",     "h:80",
                                  "\\"})
    CHECK_MESSAGE(status_of(request_for("GET", target)) == 400, target);
}

TEST_CASE("only OPTIONS asks for everything, only CONNECT for an authority") {
  auto options = read_request(request_for("OPTIONS", "*"));
  CHECK(options.target == "*");
  CHECK(options.path == "*");
  CHECK(read_request(request_for("CONNECT", "a:443")).path == "a:443");
  for (std::string_view target :
       {"/", "*", "a", "a:", "[::1]", "http://a/", "u@a:443", "a:443/", "a:b"})
    CHECK_MESSAGE(status_of(request_for("CONNECT", target)) == 400, target);
}

TEST_CASE("a method is any token") {
  CHECK(read_request(request_for("x-Y!z", "/")).method == "x-Y!z");
  CHECK(read_request(request_for(std::string(1000, 'M'), "/")).method.size()
        == 1000);
  for (std::string_view method : {"", "G(T", "G:T", "G\tT", " GET", "G\xC3"})
    CHECK_MESSAGE(status_of(request_for(method, "/")) == 400, method);
}

TEST_CASE("a path and a query are parted at the first question mark") {
  auto request = read_request(request_for("GET", "/a%3F?b?c"));
  CHECK(request.target == "/a%3F?b?c");
  CHECK(request.path == "/a%3F");
  CHECK(request.query == "b?c");
  CHECK(read_request(request_for("GET", "/?")).query.empty());
}

TEST_CASE("what is no line of a header is 400 as soon as it comes") {
  for (std::string_view text :
       {"GET / HTTP/1.1\n", "GET / HTTP/1.1\rX", "GET / HTTP/1.1\r\r",
        "GET / HTTP/1.1\r\nHost: h\n", "GET / HTTP/1.1\r\nHost: h\x01",
        "GET / HTTP/1.1\r\n Host", "GET / HTTP/1.1\r\nHost: h\r\n x",
        "GET / HTTP/1.1\r\nHost: h\r\n\tx", "\x80\x7F", "\x05\x01"})
    CHECK_MESSAGE(status_of(text) == 400, text);
  CHECK(status_of(std::string_view{"GET / HTTP/1.1\r\nA: \0", 20}) == 400);
}

TEST_CASE("fields that are none are 400") {
  for (std::string_view line :
       {"no colon", "a : b", ": b", "a b: c", "a(b): c", "\xC3\xA4: b",
        "Connection: a b", "Connection: close;x"})
    CHECK_MESSAGE(status_of(request_with(line)) == 400, line);
}

TEST_CASE("fields keep their order, case and blanks inside") {
  auto request =
      read_request(request_with("b:  1  2 \t\r\nA:\r\nb: 3\r\nC: \xC3\xA4\tx"));
  CHECK(joined(request.headers) == "Host: h|b: 1  2|A: |b: 3|C: \xC3\xA4\tx|");
}

} // namespace wsrelay::request_reader_host_test
