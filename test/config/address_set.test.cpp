// Which addresses are in a set.
#include "config/address_set.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::address_set_test {

namespace {

bool in(std::string_view block, std::string_view address) {
  address_set set;
  REQUIRE(set.add(block));
  return set.contains(address);
}

bool is_refused(std::string_view block) {
  return !address_set{}.add(block);
}

} // namespace

TEST_CASE("an empty set holds nothing") {
  CHECK_FALSE(address_set{}.contains("127.0.0.1"));
  CHECK_FALSE(address_set{}.contains("::"));
}

TEST_CASE("a single address is itself only") {
  CHECK(in("192.0.2.7", "192.0.2.7"));
  CHECK_FALSE(in("192.0.2.7", "192.0.2.6"));
  CHECK_FALSE(in("192.0.2.7", "192.0.2.8"));
  CHECK(in("192.0.2.7/32", "192.0.2.7"));
  CHECK_FALSE(in("192.0.2.7/32", "192.0.2.6"));
  CHECK(in("2001:db8::1/128", "2001:DB8:0::1"));
  CHECK_FALSE(in("2001:db8::1/128", "2001:db8::2"));
}

TEST_CASE("a block holds its first and its last address") {
  CHECK(in("10.0.0.0/8", "10.0.0.0"));
  CHECK(in("10.0.0.0/8", "10.255.255.255"));
  CHECK_FALSE(in("10.0.0.0/8", "9.255.255.255"));
  CHECK_FALSE(in("10.0.0.0/8", "11.0.0.0"));
  CHECK(in("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(in("2001:db8::/33", "2001:db8:8000::"));
}

TEST_CASE("a block need not end at a byte") {
  CHECK(in("10.1.16.0/20", "10.1.31.255"));
  CHECK_FALSE(in("10.1.16.0/20", "10.1.32.0"));
  CHECK(in("192.0.2.6/31", "192.0.2.7"));
  CHECK_FALSE(in("192.0.2.6/31", "192.0.2.8"));
}

TEST_CASE("a prefix of 0 holds the whole family") {
  CHECK(in("0.0.0.0/0", "255.255.255.255"));
  CHECK_FALSE(in("0.0.0.0/0", "2001:db8::1"));
  CHECK(in("::/0", "2001:db8::1"));
  CHECK(in("::/0", "192.0.2.7"));
}

TEST_CASE("IPv4 and its mapped form are the same") {
  CHECK(in("10.0.0.0/8", "::ffff:10.1.2.3"));
  CHECK(in("::ffff:10.0.0.0/104", "10.1.2.3"));
  CHECK(in("::ffff:192.0.2.7", "192.0.2.7"));
  CHECK_FALSE(in("10.0.0.0/8", "::10.1.2.3"));
}

TEST_CASE("the zone of an address does not count") {
  CHECK(in("fe80::/10", "fe80::1%eth0"));
  CHECK(is_refused("fe80::1%eth0"));
}

TEST_CASE("a set holds what any of its blocks holds") {
  address_set set;
  REQUIRE(set.add("10.0.0.0/8"));
  REQUIRE(set.add("::1"));
  CHECK(set.contains("10.9.9.9"));
  CHECK(set.contains("::1"));
  CHECK_FALSE(set.contains("::2"));
}

TEST_CASE("host bits beyond the prefix are refused") {
  CHECK(is_refused("10.0.0.1/8"));
  CHECK(is_refused("192.0.2.7/31"));
  CHECK(is_refused("0.0.0.1/0"));
  CHECK(is_refused("2001:db8::1/127"));
  CHECK(is_refused("::1/0"));
  CHECK(is_refused("::ffff:10.0.0.0/8"));
}

TEST_CASE("a prefix beyond the address is refused") {
  CHECK(is_refused("10.0.0.0/33"));
  CHECK(is_refused("::/129"));
  CHECK(is_refused("10.0.0.0/"));
  CHECK(is_refused("10.0.0.0/-1"));
  CHECK(is_refused("10.0.0.0/8x"));
  CHECK(is_refused("10.0.0.0/ 8"));
  CHECK(is_refused("10.0.0.0/8/8"));
  CHECK(is_refused("10.0.0.0/99999999999999999999"));
}

TEST_CASE("names and other text are refused") {
  for (auto text : {"", "/", "/8", "localhost", "example.com", "10.0.0",
                    "10.0.0.256", "010.0.0.1", " 10.0.0.1", "10.0.0.1 ",
                    "[::1]", ":::", "::1::", "*", "10.*"}) {
    CAPTURE(text);
    CHECK(is_refused(text));
  }
  CHECK(is_refused(std::string_view{"10.0.0.1\0x", 10}));
}

TEST_CASE("text that is no address is in no set") {
  for (auto text : {"", "localhost", "10.0.0.0/8", "10.0.0.1:80", "[::1]", "%",
                    "10.0.0.1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(in("::/0", text));
  }
  CHECK_FALSE(in("::/0", std::string_view{"10.0.0.1\0", 9}));
}

} // namespace wsrelay::address_set_test
