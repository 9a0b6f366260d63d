// HOST:PORT and back.
#include "config/listen_address.hpp"

#include <doctest/doctest.h>

namespace wsrelay::listen_address_test {

namespace {

/// Host and port as "host port", or "-".
std::string parse(std::string_view text) {
  auto address = parse_listen_address(text);
  return address ? address->host + " " + std::to_string(address->port) : "-";
}

} // namespace

TEST_CASE("a listen address is a host and a port") {
  CHECK(parse("127.0.0.1:8080") == "127.0.0.1 8080");
  CHECK(parse("localhost:80") == "localhost 80");
  CHECK(parse("my-host.example.com:80") == "my-host.example.com 80");
  CHECK(parse("[::1]:0") == "::1 0");
  CHECK(parse("[::]:443") == ":: 443");
  CHECK(parse(":8080") == " 8080");
}

TEST_CASE("a port has at most 16 bits") {
  CHECK(parse(":0") == " 0");
  CHECK(parse(":1") == " 1");
  CHECK(parse(":65534") == " 65534");
  CHECK(parse(":65535") == " 65535");
  CHECK(parse(":65536") == "-");
  CHECK(parse(":99999999999999999999999") == "-");
}

TEST_CASE("what is no listen address is refused") {
  for (auto text : {"",
                    ":",
                    "80",
                    "localhost",
                    "localhost:",
                    "host:x",
                    "host:+1",
                    "host:-1",
                    "host: 1",
                    "host:80 ",
                    "::1:80",
                    "[::1]",
                    "[::1]80",
                    "[]:80",
                    "[localhost]:80",
                    "[127.0.0.1]:80",
                    "[::1:80",
                    "::1]:80",
                    "[:::]:80",
                    "999.1.1.1:80",
                    "1.2.3:80",
                    "a b:80",
                    "a/b:80",
                    "10.0.0.0/8:80",
                    "[::/0]:80",
                    "a..b:80",
                    ".:80",
                    "*:80",
                    "host:80:90",
                    "http://host:80"}) {
    CAPTURE(text);
    CHECK(parse(text) == "-");
  }
}

TEST_CASE("a host name has at most 253 bytes") {
  auto named = [](std::size_t size) {
    return parse_listen_address(std::string(size, 'a') + ":1");
  };
  CHECK(named(252));
  CHECK(named(253));
  CHECK_FALSE(named(254));
}

TEST_CASE("a listen address prints as it is read") {
  for (auto text : {"127.0.0.1:8080", ":8080", "[::1]:0", "localhost:80"}) {
    auto address = parse_listen_address(text);
    REQUIRE(address);
    CHECK(to_text(*address) == text);
  }
}

} // namespace wsrelay::listen_address_test
