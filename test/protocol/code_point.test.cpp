// Characters, and what is none.
#include "protocol/code_point.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::code_point_test {

namespace {

void check(std::string_view text, char32_t code, std::size_t size) {
  auto found = first_code_point(text);
  CAPTURE(text);
  CHECK(found.code == code);
  CHECK(found.size == size);
}

} // namespace

TEST_CASE("the first character is decoded at each border") {
  check(std::string_view{"\0x", 2}, 0, 1);
  check("\x7Fx", 0x7F, 1);
  check("\xC2\x80x", 0x80, 2);
  check("\xDF\xBFx", 0x7FF, 2);
  check("\xE0\xA0\x80x", 0x800, 3);
  check("\xED\x9F\xBF", 0xD7FF, 3);
  check("\xEE\x80\x80", 0xE000, 3);
  check("\xEF\xBF\xBF", 0xFFFF, 3);
  check("\xF0\x90\x80\x80", 0x10000, 4);
  check("\xF4\x8F\xBF\xBF", 0x10FFFF, 4);
}

TEST_CASE("what is no UTF-8 has no size") {
  for (auto bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF",
        "\xE2\x82", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF"})
    check(bad, 0, 0);
}

TEST_CASE("controls are C0, DEL and C1") {
  for (char32_t code : {0x00, 0x1F, 0x7F, 0x80, 0x85, 0x9F})
    CHECK(is_control_code(code));
  for (char32_t code : {0x20, 0x7E, 0xA0})
    CHECK_FALSE(is_control_code(code));
}

TEST_CASE("what ends a line or turns text around deceives") {
  for (char32_t code : {0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E,
                        0x2066, 0x2069, 0xFEFF})
    CHECK(is_deceiving(code));
  for (char32_t code : {0x20, 0x200D, 0x2010, 0x2027, 0x202F, 0x2065, 0x206A})
    CHECK_FALSE(is_deceiving(code));
}

} // namespace wsrelay::code_point_test
