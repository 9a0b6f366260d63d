// The helpers on text that the parsers share.
#include "protocol/text.hpp"

#include <doctest/doctest.h>

namespace wsrelay::text_test {

TEST_CASE("splitting gives one part more than there are separators") {
  using parts = std::vector<std::string_view>;
  CHECK(split("", ',') == parts{""});
  CHECK(split("a", ',') == parts{"a"});
  CHECK(split("a,b", ',') == parts{"a", "b"});
  CHECK(split(",", ',') == parts{"", ""});
  CHECK(split(",a,,b,", ',') == parts{"", "a", "", "b", ""});
}

TEST_CASE("trimming removes spaces and tabs at the ends only") {
  CHECK(trim("") == "");
  CHECK(trim(" \t ") == "");
  CHECK(trim("a") == "a");
  CHECK(trim("\t a b \t") == "a b");
  CHECK(trim("\na\r") == "\na\r");
}

TEST_CASE("lower case concerns the letters of ASCII only") {
  CHECK(to_lower("AZaz09[]@`{") == "azaz09[]@`{");
  CHECK(to_lower("\xC3\x84") == "\xC3\x84");
}

TEST_CASE("a decimal has digits only and at most 64 bits") {
  CHECK(parse_decimal("0") == 0u);
  CHECK(parse_decimal("0042") == 42u);
  CHECK(parse_decimal("18446744073709551615") == 18446744073709551615u);
  for (auto text : {"", "-1", "+1", " 1", "1 ", "1a", "0x1", "1.0",
                    "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text));
  }
}

} // namespace wsrelay::text_test
