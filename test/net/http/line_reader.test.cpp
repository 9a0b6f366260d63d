// Lines in pieces.
#include "net/http/line_reader.hpp"

#include <doctest/doctest.h>

#include <ostream>

namespace wsrelay::line_reader_test {

using status = line_reader::status;

namespace {

status read(line_reader& lines, std::string_view bytes,
            std::size_t limit = 100) {
  return lines.next(bytes, limit);
}

} // namespace

TEST_CASE("a line is told with its end, and what follows is left") {
  line_reader lines;
  std::string_view bytes = "one\r\n\r\ntwo";
  CHECK(lines.next(bytes, 100) == status::line);
  CHECK(lines.text() == "one\r\n");
  CHECK(lines.next(bytes, 100) == status::empty);
  CHECK(lines.text() == "one\r\n\r\n");
  CHECK(lines.next(bytes, 100) == status::more);
  CHECK(bytes.empty());
  CHECK(lines.next(bytes, 100) == status::more);
  lines.clear();
  CHECK(lines.text().empty());
}

TEST_CASE("a line end may come in pieces") {
  line_reader lines;
  for (auto piece : {"a", "b", "\r"})
    CHECK(read(lines, piece) == status::more);
  CHECK(read(lines, "\n") == status::line);
  CHECK(read(lines, "\r") == status::more);
  CHECK(read(lines, "\n") == status::empty);
  CHECK(lines.text() == "ab\r\n\r\n");
}

TEST_CASE("half a line end, a control character and a fold are no line") {
  for (std::string_view text : {"\n", "a\n", "\ra", "\r\r", "a\rb", "a\x01",
                                "\x7F", " a", "\ta", "\v", "a\x1F"}) {
    CAPTURE(text);
    line_reader lines;
    CHECK(read(lines, text) == status::malformed);
    // The same in single bytes, and on a second line.
    line_reader second;
    REQUIRE(read(second, "x\r\n") == status::line);
    auto last = status::more;
    for (auto& byte : text)
      if (last == status::more)
        last = read(second, {&byte, 1});
    CHECK(last == status::malformed);
  }
  line_reader lines;
  CHECK(read(lines, std::string_view{"\0", 1}) == status::malformed);
}

TEST_CASE("tabs, blanks and bytes outside of ASCII stand inside of a line") {
  line_reader lines;
  CHECK(read(lines, "a \t\x80\xFF\t \r\n") == status::line);
}

TEST_CASE("all lines together have at most so many bytes") {
  for (std::size_t limit : {4u, 5u, 6u}) {
    line_reader lines;
    REQUIRE(read(lines, "a\r\n", limit) == status::line);
    auto expected = limit < 5 ? status::too_large : status::empty;
    CHECK(read(lines, "\r\n", limit) == expected);
    CHECK(lines.text().size() <= limit);
  }
  line_reader lines;
  CHECK(read(lines, "aaa", 4) == status::more);
  CHECK(read(lines, "aaa", 4) == status::too_large);
  CHECK(lines.text().size() == 4);
}

} // namespace wsrelay::line_reader_test
