// What a Host field may say.
#include "protocol/host.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::host_test {

namespace {

bool is_host(std::string_view value) {
  return static_cast<bool>(check_host(value));
}

} // namespace

TEST_CASE("a host is a name or an address, with or without a port") {
  for (std::string value :
       {"", "a", "app.example.com", "app.example.com.", "APP.Example.COM:8443",
        "localhost:8080", "127.0.0.1", "127.0.0.1:80", "a_b-c~d",
        "xn--bcher-kva.example", "a!$&'()*+,;=b", "b%C3%BCcher.example", "a%2e",
        "[::1]", "[::1]:80", "[2001:db8::1]", "[1:2:3:4:5:6:7:8]:443",
        "[::ffff:1.2.3.4]", "999.999.999.999"}) {
    CAPTURE(value);
    CHECK(is_host(value));
  }
}

TEST_CASE("what is no host is refused") {
  for (std::string value : {"a b",
                            " a",
                            "a ",
                            "a\tb",
                            "a\r\n",
                            "a\n",
                            "http://a/",
                            "http://a",
                            "//a",
                            "a/",
                            "a/b",
                            "a@b",
                            "u:p@a",
                            "a?b",
                            "a#b",
                            "a\\b",
                            "<script>",
                            "\"a\"",
                            "a|b",
                            "a^b",
                            "`a`",
                            "{a}",
                            "a:80:80",
                            "::1",
                            "1:2:3:4:5:6:7:8",
                            "[::1",
                            "::1]",
                            "[]",
                            "[:]",
                            "[:::]",
                            "[::1]x",
                            "[::1]]",
                            "[[::1]]",
                            "[::1]80",
                            "[::g]",
                            "[1234]",
                            "[a]",
                            "a[::1]",
                            "[::1%25e]",
                            "[::1%eth0]",
                            "[v1.a]",
                            ":",
                            ":80",
                            "a:x",
                            "a:-1",
                            "a:+1",
                            "a: 80",
                            "a:80 ",
                            "a:0x50",
                            "%",
                            "a%",
                            "a%2",
                            "a%zz",
                            "a%%41",
                            "b\xC3\xBC"
                            "cher",
                            "\xFF",
                            "a\x7F",
                            "[1.2.3.4]",
                            "[::1.2.3]",
                            "[::1.2.3.256]",
                            "[::01.2.3.4]"}) {
    CAPTURE(value);
    CHECK_FALSE(is_host(value));
  }
  using namespace std::string_view_literals;
  CHECK_FALSE(is_host("a\0b"sv));
  CHECK_FALSE(is_host("a\0"sv));
}

TEST_CASE("a port has 16 bits, and may be left out behind its colon") {
  for (std::string value : {"a:", "[::1]:", "a:0", "a:1", "a:65534", "a:65535",
                            "a:00080", "[::1]:65535"}) {
    CAPTURE(value);
    CHECK(is_host(value));
  }
  for (std::string value :
       {"a:65536", "a:99999", "[::1]:65536", "a:18446744073709551616",
        "a:18446744073709551696"}) {
    CAPTURE(value);
    CHECK_FALSE(is_host(value));
  }
}

TEST_CASE("an IPv6 address has eight groups, or fewer and one gap") {
  for (auto text :
       {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1::8", "1:2:3::5:6:7:8",
        "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "ABCD:ef01::", "::1.2.3.4",
        "::ffff:255.255.255.255", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5::1.2.3.4",
        "0000:0000:0000:0000:0000:0000:0000:0001"}) {
    CAPTURE(text);
    CHECK(is_ipv6_address(text));
  }
  for (auto text : {"",
                    ":",
                    ":::",
                    "1",
                    "1:2:3:4:5:6:7",
                    "1:2:3:4:5:6:7:8:9",
                    "1:2:3:4::5:6:7:8",
                    "1::2::3",
                    "::1::",
                    "1:",
                    ":1",
                    "1::2:",
                    ":1::2",
                    "12345::",
                    "::00001",
                    "g::",
                    "::1.2.3",
                    "::1.2.3.4.5",
                    "::1.2.3.256",
                    "::1.2.3.04",
                    "1.2.3.4",
                    "1.2.3.4::",
                    "1.2.3.4::1",
                    "::1.2.3.4:1",
                    "1:2:3:4:5:6:7:1.2.3.4",
                    "1:2:3:4:5:6::1.2.3.4",
                    "::1%eth0",
                    "::1 ",
                    " ::1",
                    "::1.2.3.",
                    "::.1.2.3",
                    "::1..2.3"}) {
    CAPTURE(text);
    CHECK_FALSE(is_ipv6_address(text));
  }
}

TEST_CASE("a refused host is not repeated in what is said about it") {
  auto refused = check_host("<script>");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what == "the Host is not a host with an optional port");
}

} // namespace wsrelay::host_test
