// Text is UTF-8 (RFC 6455 sections 5.6 and 8.1), wherever it is cut.
#include "test/protocol/message_reader_support.hpp"

namespace wsrelay::message_reader_text_test {

using namespace wsrelay::test;
using event = message_reader::event;
using namespace std::string_literals;

namespace {

// A text of one frame, and of fragments in any two pieces.
void check_text(const std::string& text, const std::string& expected) {
  CAPTURE(text);
  CHECK(outcome(whole(opcode::text, text)) == expected);
  for (std::size_t at = 0; at <= text.size(); ++at) {
    CAPTURE(at);
    CHECK(outcome_whole(first(opcode::text, text.substr(0, at))
                        + last(text.substr(at)))
          == expected);
  }
}

// Whether the text fails with its last byte, inside a frame that goes on.
bool fails_at_once(const std::string& text) {
  client_frame frame{.op = opcode::text, .payload = text};
  frame.length = text.size() + 10;
  auto bytes = to_bytes(frame);
  auto before = std::string_view{bytes}.substr(0, bytes.size() - 1);
  return joined(events_of(before, no_limit)) == "inside"
         && joined(events_of(bytes, no_limit)) == "failed 1007";
}

} // namespace

TEST_CASE("RFC 6455 5.6: text is valid UTF-8 wherever it is cut") {
  check_text("", "text ");
  check_text("plain text", "text plain text");
  check_text("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z",
             "text a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
  check_text("\xef\xbf\xbf\xf4\x8f\xbf\xbf",
             "text \xef\xbf\xbf\xf4\x8f\xbf\xbf");
  check_text("nul\0in"s, "text nul\0in"s);
}

TEST_CASE("RFC 6455 8.1: text that is not UTF-8 fails") {
  for (std::string bad :
       {"\xff", "\x80", "\xc0\x80", "\xc3(", "\xe0\x80\x80", "\xe2\x82(",
        "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80",
        "\x80\xc3", "\xff\xe2\x82"})
    for (std::string before : {"", "a", "0123456789abcdef\xe2\x82\xac"}) {
      check_text(before + bad + "z", "failed 1007");
      check_text(before + bad, "failed 1007");
    }
}

TEST_CASE("RFC 6455 8.1: text that ends inside of a character fails") {
  for (std::string cut :
       {"\xc3", "\xe2", "\xe2\x82", "\xf0", "\xf0\x9f", "\xf0\x9f\x98"}) {
    check_text("a" + cut, "failed 1007");
    CHECK(outcome(first(opcode::text, cut) + last("")) == "failed 1007");
    CHECK(outcome(first(opcode::text, cut) + middle("") + last("a"))
          == "failed 1007");
    CHECK(outcome(whole(opcode::text, cut) + whole(opcode::text, "\x82"))
          == "failed 1007");
  }
}

TEST_CASE("RFC 6455 5.6: a character may be cut around a control frame") {
  CHECK(outcome(first(opcode::text, "\xf0\x9f") + whole(opcode::ping, "\x98")
                + middle("") + middle("\x98") + last("\x80"))
        == "ping \x98, text \xf0\x9f\x98\x80");
}

TEST_CASE("RFC 6455 8.1: invalid text fails before its frame ends") {
  for (std::string bad :
       {"\xff", "\xc0", "\xf5", "\x80", "a\xc3(", "\xe2\x82(", "\xf0\x9f\x98("})
    CHECK_MESSAGE(fails_at_once(bad), bad);
  for (std::string bad : {"\xe0\x80", "\xed\xa0", "\xf0\x80", "\xf4\x90"})
    CHECK_MESSAGE(fails_at_once(bad), bad);
}

TEST_CASE("RFC 6455 8.1: invalid text fails before its message ends") {
  auto ping = whole(opcode::ping, "p");
  for (std::string bad : {"\xff", "a\x80", "\xc3(", "\x80\xc3", "\xff\xe2\x82",
                          "\xe0\x80", "\xed\xa0", "\xf4\x90"}) {
    CAPTURE(bad);
    CHECK(outcome(first(opcode::text, bad) + ping) == "failed 1007");
    CHECK(outcome(first(opcode::text, "") + middle(bad) + ping)
          == "failed 1007");
  }
}

TEST_CASE("RFC 6455 8.1: only text is checked, and all of it") {
  CHECK(outcome(whole(opcode::binary, "\xff") + whole(opcode::text, "\xff"))
        == "binary \xff, failed 1007");
  CHECK(outcome(first(opcode::binary, "\xc3") + last("")
                + whole(opcode::text, "\xa9"))
        == "binary \xc3, failed 1007");
  CHECK(outcome(whole(opcode::text, "abc") + whole(opcode::text, "\xff"))
        == "text abc, failed 1007");
  CHECK(outcome(whole(opcode::text, "\xc3\xa9") + first(opcode::binary, "\xff")
                + last("\xc3"))
        == "text \xc3\xa9, binary \xff\xc3");
}

TEST_CASE("a text that was read is known to be UTF-8") {
  message_reader reader{no_limit};
  auto bytes = whole(opcode::text, "\xc3\xa9") + whole(opcode::binary, "\xff");
  std::string_view input = bytes;
  REQUIRE(reader.next(input) == event::message);
  CHECK(reader.is_text());
  CHECK(reader.take().is_utf8());
  REQUIRE(reader.next(input) == event::message);
  CHECK_FALSE(reader.is_text());
  CHECK_FALSE(reader.take().is_utf8());
}

} // namespace wsrelay::message_reader_text_test
