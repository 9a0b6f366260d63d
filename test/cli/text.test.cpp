// What reaches a terminal: escapes, ages, columns.
#include "tools/wsrelay/text.hpp"

#include "protocol/utf8.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace wsrelay::text_test {

using namespace wsrelay::cli;
using namespace std::chrono_literals;

TEST_CASE("text that does nothing stays as it is") {
  for (auto* text : {"", "plain text", "grüße", "日本語", "😀", "'\"$`"})
    CHECK(printable(text) == text);
}

TEST_CASE("no control character reaches the terminal") {
  CHECK(printable("a\x1b[31mb") == "a\\x1b[31mb");
  CHECK(printable(std::string_view{"\0", 1}) == "\\x00");
  CHECK(printable("\r\b\x7f") == "\\x0d\\x08\\x7f");
  CHECK(printable("\xc2\x80\xc2\x9b\xc2\x9f")
        == "\\xc2\\x80\\xc2\\x9b\\xc2"
           "\\x9f");
  CHECK(printable("\xc2\xa0") == "\xc2\xa0"); // the first that is none
}

TEST_CASE("line breaks and tabs are escaped, or kept where they are wanted") {
  CHECK(printable("a\tb\n") == "a\\tb\\n");
  CHECK(printable("a\tb\n\r", lines::kept) == "a\tb\n\\x0d");
}

TEST_CASE("a backslash is two: an escape cannot be imitated") {
  CHECK(printable("\\x1b") == "\\\\x1b");
}

TEST_CASE("characters that reorder or break lines are named") {
  CHECK(printable("\u202e") == "\\u{202e}");
  CHECK(printable("\u2066\u2069") == "\\u{2066}\\u{2069}");
  CHECK(printable("\u2028\u200e\ufeff") == "\\u{2028}\\u{200e}\\u{feff}");
}

TEST_CASE("bytes that are not UTF-8 are escaped one by one") {
  CHECK(printable("\xff\xfe") == "\\xff\\xfe");
  CHECK(printable("a\xc3") == "a\\xc3");                 // cut
  CHECK(printable("\xc3(") == "\\xc3(");                 // no continuation
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");          // overlong
  CHECK(printable("\xe0\x80\x8a") == "\\xe0\\x80\\x8a"); // overlong
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80"); // surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80"); // too large
  CHECK(printable("\x80") == "\\x80");
}

TEST_CASE("whatever comes, what is printed is UTF-8 without controls") {
  std::random_device device;
  auto seed = device();
  CAPTURE(seed);
  std::mt19937 random{seed};
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (auto& byte : bytes)
      byte = static_cast<char>(random());
    auto shown = printable(bytes);
    CHECK(is_valid_utf8(shown));
    for (std::size_t i = 0; i < shown.size(); ++i) {
      auto byte = static_cast<unsigned char>(shown[i]);
      CHECK(byte >= 0x20);
      CHECK(byte != 0x7f);
      if (byte == 0xc2)
        CHECK(static_cast<unsigned char>(shown[i + 1]) >= 0xa0);
    }
  }
}

TEST_CASE("an age has its two largest units") {
  CHECK(age_text(0ms) == "0ms");
  CHECK(age_text(999ms) == "999ms");
  CHECK(age_text(1s) == "1s");
  CHECK(age_text(59'999ms) == "59s");
  CHECK(age_text(1min) == "1m00s");
  CHECK(age_text(65s) == "1m05s");
  CHECK(age_text(1h - 1ms) == "59m59s");
  CHECK(age_text(1h) == "1h00m");
  CHECK(age_text(62min) == "1h02m");
  CHECK(age_text(24h - 1ms) == "23h59m");
  CHECK(age_text(24h) == "1d00h");
  CHECK(age_text(76h) == "3d04h");
}

TEST_CASE("a table is aligned: text to the left, numbers to the right") {
  CHECK(to_table({"NAME", "N", "LAST"}, {{"a", "1", "5"}, {"grüße", "12", "6"}},
                 1)
        == "NAME    N  LAST\n"
           "a       1     5\n"
           "grüße  12     6\n");
}

TEST_CASE("a table without rows is its header") {
  CHECK(to_table({"A", "B"}, {}, 2) == "A  B\n");
}

TEST_CASE("a line of a table has no blanks at its end") {
  CHECK(to_table({"A", "LONG"}, {{"x", "y"}}, 2) == "A  LONG\nx  y\n");
}

TEST_CASE("cells are escaped: a name cannot break a table") {
  CHECK(to_table({"A", "B"}, {{"x\ny", "\x1b"}}, 2)
        == "A     B\n"
           "x\\ny  \\x1b\n");
}

} // namespace wsrelay::text_test
