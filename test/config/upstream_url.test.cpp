// The parts of an upstream's URL.
#include "config/upstream_url.hpp"

#include <doctest/doctest.h>

namespace wsrelay::upstream_url_test {

namespace {

/// Host, port, path and whether TLS is spoken, or "-".
std::string parse(std::string_view url) {
  auto x = parse_upstream_url(url);
  return x ? x->host + " " + std::to_string(x->port) + " " + x->path
                 + (x->tls ? " tls" : "")
           : "-";
}

} // namespace

TEST_CASE("an upstream has a host and may have a port and a base") {
  CHECK(parse("http://app") == "app 80 ");
  CHECK(parse("http://app/") == "app 80 ");
  CHECK(parse("http://app:8080") == "app 8080 ");
  CHECK(parse("http://app/base") == "app 80 /base");
  CHECK(parse("http://app:1/a/b//") == "app 1 /a/b");
  CHECK(parse("http://127.0.0.1:65535") == "127.0.0.1 65535 ");
  CHECK(parse("http://[::1]") == "::1 80 ");
  CHECK(parse("http://[::1]:81/x") == "::1 81 /x");
}

TEST_CASE("https is TLS, on its own port unless the text says another") {
  CHECK(parse("https://app") == "app 443  tls");
  CHECK(parse("https://app:8443/base/") == "app 8443 /base tls");
  CHECK(parse("https://[::1]") == "::1 443  tls");
  CHECK(parse("https://[::1]:80") == "::1 80  tls");
}

TEST_CASE("an upstream keeps its url as it is written") {
  CHECK(parse_upstream_url("http://app/base/")->url == "http://app/base/");
}

TEST_CASE("what is no upstream is refused") {
  for (auto url : {"",
                   "http://",
                   "http:///x",
                   "http://:80",
                   "app",
                   "ftp://a",
                   "https://",
                   "http://a:0",
                   "http://a:65536",
                   "http://a:",
                   "http://u@a",
                   "http://u:p@a",
                   "http://a?q",
                   "http://a/?q",
                   "http://a/#f",
                   "http://a b",
                   "http://a/ b",
                   "http://a/\nb",
                   "http://::1",
                   "http://a\\b",
                   "HTTP//a",
                   "https//a",
                   "https:///x",
                   "https://a:0",
                   "https://:1",
                   "wss://a",
                   "http://a/..",
                   "http://a/%2e/b",
                   "httpss://a",
                   "https://a:65536"}) {
    CAPTURE(url);
    CHECK(parse(url) == "-");
  }
}

} // namespace wsrelay::upstream_url_test
