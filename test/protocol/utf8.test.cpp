// UTF-8 validity at every boundary of RFC 3629 and Unicode table 3-7.
#include "protocol/utf8.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace wsrelay::utf8_test {

namespace {

struct utf8_case {
  std::string bytes;
  bool valid;
};

// First and last sequence of each row of table 3-7, and their neighbours.
const std::vector<utf8_case> boundaries{
    {"", true},
    {std::string(1, '\0'), true},
    {"\x7F", true},
    {"\x80", false},
    {"\xBF", false},
    {"\xC0\x80", false},
    {"\xC1\xBF", false},
    {"\xC2\x7F", false},
    {"\xC2\x80", true},
    {"\xDF\xBF", true},
    {"\xDF\xC0", false},
    {"\xE0\x80\x80", false},
    {"\xE0\x9F\xBF", false},
    {"\xE0\xA0\x80", true},
    {"\xE0\xBF\xBF", true},
    {"\xE0\xA0\x7F", false},
    {"\xE0\xA0\xC0", false},
    {"\xE1\x7F\x80", false},
    {"\xE1\x80\x80", true},
    {"\xEC\xBF\xBF", true},
    {"\xEC\xC0\x80", false},
    {"\xED\x80\x80", true},
    {"\xED\x9F\xBF", true},
    {"\xED\xA0\x80", false}, // U+D800
    {"\xED\xBF\xBF", false}, // U+DFFF
    {"\xEE\x80\x80", true},
    {"\xEF\xBF\xBD", true},
    {"\xEF\xBF\xBF", true}, // U+FFFF, a noncharacter, is valid
    {"\xF0\x80\x80\x80", false},
    {"\xF0\x8F\xBF\xBF", false},
    {"\xF0\x90\x80\x80", true},
    {"\xF0\xBF\xBF\xBF", true},
    {"\xF1\x80\x80\x80", true},
    {"\xF3\xBF\xBF\xBF", true},
    {"\xF3\xC0\x80\x80", false},
    {"\xF4\x80\x80\x80", true},
    {"\xF4\x8F\xBF\xBF", true},  // U+10FFFF
    {"\xF4\x90\x80\x80", false}, // U+110000
    {"\xF5\x80\x80\x80", false},
    {"\xF7\xBF\xBF\xBF", false},
    {"\xF8\x88\x80\x80\x80", false},
    {"\xFC\x84\x80\x80\x80\x80", false},
    {"\xFE", false},
    {"\xFF", false},
    {"\xF0\x90\x80\x7F", false},
    {"\xF0\x90\x80\xC0", false},
    {"\xF0\x90\x7F\x80", false},
    {"\xF0\x90\xC0\x80", false},
};

const std::vector<std::string> sequences{"\xC3\xA9", "\xE2\x82\xAC",
                                         "\xF0\x9F\x98\x80"};

} // namespace

TEST_CASE("UTF-8 is valid exactly within the ranges of RFC 3629") {
  for (const auto& each : boundaries) {
    CAPTURE(each.bytes);
    CHECK(is_valid_utf8(each.bytes) == each.valid);
  }
}

TEST_CASE("a sequence is judged alike wherever it stands in a text") {
  for (const auto& each : boundaries)
    for (std::size_t before = 0; before <= 17; ++before)
      for (std::size_t after : {0u, 1u, 7u, 8u, 9u}) {
        auto text =
            std::string(before, 'a') + each.bytes + std::string(after, 'z');
        CAPTURE(text);
        CHECK(is_valid_utf8(text) == each.valid);
      }
}

TEST_CASE("a cut sequence is invalid, also when other text follows") {
  for (const auto& whole : sequences) {
    CHECK(is_valid_utf8(whole));
    for (std::size_t size = 1; size < whole.size(); ++size) {
      auto cut = whole.substr(0, size);
      CAPTURE(cut);
      CHECK_FALSE(is_valid_utf8(cut));
      CHECK_FALSE(is_valid_utf8(cut + "a"));
      CHECK_FALSE(is_valid_utf8(cut + whole));
    }
  }
}

TEST_CASE("the valid prefix ends before the first invalid sequence") {
  CHECK(valid_utf8_prefix("") == 0);
  CHECK(valid_utf8_prefix("abc") == 3);
  CHECK(valid_utf8_prefix("\xFF") == 0);
  CHECK(valid_utf8_prefix("abcdefghi\xFFz") == 9);
  CHECK(valid_utf8_prefix("a\xE2\x82\xAC\xE2\x82") == 4);
  CHECK(valid_utf8_prefix("\xC3\xA9\xC3") == 2);
}

TEST_CASE("plain UTF-8 has no control characters") {
  for (std::string text : {"", " ", "~", "caf\xC3\xA9", "\xC2\xA0", "a b"})
    CHECK(is_plain_utf8(text));
  for (std::string text :
       {std::string(1, '\0'), std::string{"a\tb"}, std::string{"a\r\n"},
        std::string{"\x1F"}, std::string{"\x7F"}, std::string{"\xC2\x80"},
        std::string{"\xC2\x9F"}, std::string{"\xFF"}}) {
    CAPTURE(text);
    CHECK_FALSE(is_plain_utf8(text));
  }
}

namespace {

std::string encoded(std::uint32_t code) {
  auto tail = [&](int shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3f));
  };
  if (code < 0x80)
    return {static_cast<char>(code)};
  if (code < 0x800)
    return {static_cast<char>(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000)
    return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

// Every beginning of every character: the last byte holds its last six bits.
std::set<std::string> all_beginnings() {
  std::set<std::string> result;
  for (std::uint32_t code = 0x80; code <= 0x10ffff; code += 64) {
    if (code >= 0xd800 && code <= 0xdfff)
      continue;
    auto text = encoded(code);
    for (std::size_t size = 1; size < text.size(); ++size)
      result.insert(result.end(), text.substr(0, size));
  }
  return result;
}

} // namespace

TEST_CASE("a cut sequence is the beginning of a character and nothing else") {
  auto beginnings = all_beginnings();
  std::string wrong;
  auto check = [&](const std::string& text) {
    if (is_cut_sequence(text) != (beginnings.count(text) > 0))
      wrong = text;
  };
  check("");
  for (int first = 0; first < 256; ++first) {
    std::string one{static_cast<char>(first)};
    check(one);
    for (int second = 0; second < 256; ++second) {
      auto two = one + static_cast<char>(second);
      check(two);
      for (int third : {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff})
        check(two + static_cast<char>(third));
    }
  }
  CHECK(wrong == "");
}

} // namespace wsrelay::utf8_test
