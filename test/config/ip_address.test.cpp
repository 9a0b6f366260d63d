// How addresses are spelled.
#include "config/ip_address.hpp"

#include <doctest/doctest.h>

namespace wsrelay::ip_address_test {

TEST_CASE("every address has one spelling") {
  CHECK(spell_address("192.0.2.7") == "192.0.2.7");
  CHECK(spell_address("::1") == "::1");
  CHECK(spell_address("2001:DB8:0:0:0:0:0:1") == "2001:db8::1");
  CHECK(spell_address("0:0:0:0:0:0:0:0") == "::");
  CHECK(spell_address("2001:db8:0:1:1:1:1:1") == "2001:db8:0:1:1:1:1:1");
}

TEST_CASE("an IPv4-mapped address is spelled as IPv4") {
  CHECK(spell_address("::ffff:127.0.0.1") == "127.0.0.1");
  CHECK(spell_address("::FFFF:7f00:1") == "127.0.0.1");
  CHECK(spell_address("0:0:0:0:0:ffff:127.0.0.1") == "127.0.0.1");
  CHECK(spell_address("::fffe:127.0.0.1") == "::fffe:7f00:1");
}

TEST_CASE("the zone of an address stays") {
  CHECK(spell_address("FE80::1%eth0") == "fe80::1%eth0");
  CHECK(spell_address("fe80::1%" + std::string(14, 'a')));
  CHECK(spell_address("fe80::1%" + std::string(15, 'a')));
  CHECK_FALSE(spell_address("fe80::1%" + std::string(16, 'a')));
  for (auto text : {"fe80::1%", "fe80::1%e h", "fe80::1%e%h", "fe80::1%\n",
                    "::ffff:1.2.3.4%eth0", "1.2.3.4%eth0", "%eth0"}) {
    CAPTURE(text);
    CHECK_FALSE(spell_address(text));
  }
}

TEST_CASE("what is no address has no spelling and stays as it is") {
  for (std::string text :
       {"", "a", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4",
        " 1.2.3.4", "1.2.3.4 ", "1.2.3.4:80", "[::1]", "::g", "1::2::3",
        "12345::", ":", "0x7f.1"}) {
    CAPTURE(text);
    CHECK_FALSE(spell_address(text));
    CHECK(normal_address(text) == text);
  }
  CHECK_FALSE(spell_address(std::string_view{"1.2.3.4\0", 8}));
  CHECK_FALSE(spell_address(std::string(100'000, '1')));
  CHECK(normal_address("::ffff:10.0.0.1") == "10.0.0.1");
}

TEST_CASE("the longest address is read") {
  std::string longest = "0000:0000:0000:0000:0000:ffff:255.255.255.255";
  CHECK(spell_address(longest) == "255.255.255.255");
  CHECK_FALSE(spell_address("0" + longest));
}

} // namespace wsrelay::ip_address_test
