// The body of WebSocket-over-HTTP: what is read, what is refused and where.
#include "protocol/websocket_events.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

namespace wsrelay::websocket_events_test {

using namespace std::string_view_literals;
using kind = websocket_event::kind;
using events = std::vector<websocket_event>;

namespace {

constexpr std::size_t plenty = 100;

websocket_event make(kind what, std::string_view content = {}) {
  websocket_event out;
  out.what = what;
  out.content = content;
  return out;
}

websocket_event make_close(std::uint16_t code, std::string_view reason) {
  websocket_event out;
  out.what = kind::close;
  out.code = code;
  out.reason = reason;
  return out;
}

// Why a body is refused; "" = it is not.
std::string error_of(std::string_view body, std::size_t max_events = plenty) {
  auto parsed = parse_websocket_events(body, max_events);
  return parsed ? "" : parsed.error().what;
}

std::string write(kind what, std::string_view content = {}) {
  std::string out;
  append_websocket_event(out, what, content);
  return out;
}

} // namespace

TEST_CASE("a body without events has none") {
  auto parsed = parse_websocket_events("", 0);
  REQUIRE(parsed);
  CHECK(parsed->empty());
}

TEST_CASE("each type of event is read, with or without content") {
  auto parsed = parse_websocket_events("OPEN\r\n"
                                       "TEXT 5\r\nhello\r\n"
                                       "TEXT\r\n"
                                       "BINARY 3\r\n\0\xFF\n\r\n"
                                       "BINARY\r\n"
                                       "PING 1\r\nx\r\n"
                                       "PING\r\n"
                                       "PONG 1\r\ny\r\n"
                                       "PONG\r\n"
                                       "CLOSE\r\n"sv,
                                       plenty);
  REQUIRE(parsed);
  CHECK(*parsed
        == events{make(kind::open), make(kind::text, "hello"), make(kind::text),
                  make(kind::binary, "\0\xFF\n"sv), make(kind::binary),
                  make(kind::ping, "x"), make(kind::ping),
                  make(kind::pong, "y"), make(kind::pong), make(kind::close)});
}

TEST_CASE("a lost connection is an event of its own") {
  auto parsed = parse_websocket_events("DISCONNECT\r\n", 1);
  REQUIRE(parsed);
  CHECK(*parsed == events{make(kind::disconnect)});
}

TEST_CASE("what is read views into the body") {
  auto body = "TEXT 2\r\nab\r\nCLOSE 4\r\n\x03\xE8zz\r\n"sv;
  auto parsed = parse_websocket_events(body, plenty);
  REQUIRE(parsed);
  REQUIRE(parsed->size() == 2);
  CHECK((*parsed)[0].content.data() == body.data() + 8);
  CHECK((*parsed)[1].reason.data() == body.data() + 23);
}

TEST_CASE("content may look like events") {
  auto parsed =
      parse_websocket_events("TEXT D\r\nCLOSE\r\nOPEN\r\n\r\nPING\r\n", plenty);
  REQUIRE(parsed);
  CHECK(*parsed
        == events{make(kind::text, "CLOSE\r\nOPEN\r\n"), make(kind::ping)});
}

TEST_CASE("a length of zero is that of an empty content") {
  for (std::string type :
       {"OPEN", "TEXT", "BINARY", "PING", "PONG", "CLOSE", "DISCONNECT"}) {
    CAPTURE(type);
    auto body = type + " 0\r\n\r\n";
    auto parsed = parse_websocket_events(body, plenty);
    REQUIRE(parsed);
    REQUIRE(parsed->size() == 1);
    CHECK(parsed->front() == make(parsed->front().what));
    CHECK(write(parsed->front().what) == type + "\r\n");
  }
}

TEST_CASE("a length has 1 to 8 hexadecimal digits of any case") {
  auto ten = std::string(10, 'x') + "\r\n";
  for (auto digits : {"a", "A", "0A", "0000000a"}) {
    CAPTURE(digits);
    CHECK(error_of("TEXT " + std::string{digits} + "\r\n" + ten) == "");
  }
  for (auto digits :
       {"", " ", "00000000a", "+a", "-a", "-0", "0xa", "g", "a ", " a", "a\r",
        "a;", "1 a", "\t1", "FFFFFFFFF", "10000000000000001"}) {
    CAPTURE(digits);
    CHECK(error_of("TEXT " + std::string{digits} + "\r\n" + ten)
          == "no length of 1 to 8 hexadecimal digits at byte 5");
  }
  CHECK(error_of("TEXT 1\0\r\nx\r\n"sv)
        == "no length of 1 to 8 hexadecimal digits at byte 5");
}

TEST_CASE("a length ends where the body does") {
  CHECK(error_of("TEXT 3\r\nabc\r\n") == "");
  // The line end is counted as content.
  CHECK(error_of("TEXT 4\r\nabc\r\n")
        == "no line end after the content at byte 12");
  CHECK(error_of("TEXT 5\r\nabc\r\n")
        == "no line end after the content at byte 13");
  CHECK(error_of("TEXT 6\r\nabc\r\n")
        == "a length beyond the end of the body at byte 5");
  CHECK(error_of("OPEN\r\nTEXT FFFFFFFF\r\nabc\r\n")
        == "a length beyond the end of the body at byte 11");
  CHECK(error_of("TEXT 1\r\n")
        == "a length beyond the end of the body at byte 5");
  CHECK(error_of("TEXT 0\r\n") == "no line end after the content at byte 8");
}

TEST_CASE("a content is followed by a line end") {
  for (auto end : {"", "\r", "\n", "\n\r", "x\r\n", " \r\n"}) {
    CAPTURE(end);
    CHECK(error_of("TEXT 3\r\nabc" + std::string{end})
          == "no line end after the content at byte 11");
  }
}

TEST_CASE("the line of an event ends with CRLF") {
  for (auto body : {"OPEN"sv, "OPEN\r"sv, "OPEN\n"sv, "OPEN\n\r"sv, "TEXT 5"sv,
                    "\0"sv, " "sv}) {
    CAPTURE(std::string{body});
    CHECK(error_of(body) == "the line of an event has no end at byte 0");
    CHECK(error_of("PING\r\n" + std::string{body})
          == "the line of an event has no end at byte 6");
  }
}

TEST_CASE("a type is one of those known, as they are spelled") {
  for (auto line : {""sv, " "sv, "open"sv, "Open"sv, "OPENED"sv, "OPE"sv,
                    " OPEN"sv, "OPEN\t"sv, "OPEN\n"sv, "OPEN\0"sv, "TEXT\t5"sv,
                    "CONTINUATION 1"sv, "\xFF"sv, "\r"sv}) {
    CAPTURE(std::string{line});
    CHECK(error_of("PING\r\n" + std::string{line} + "\r\n")
          == "no known type of an event at byte 6");
  }
}

TEST_CASE("a text is UTF-8, and the failure tells where it is not") {
  CHECK(error_of("TEXT 5\r\ncaf\xC3\xA9\r\n") == "");
  CHECK(error_of("TEXT 5\r\ncaf\xC3z\r\n")
        == "the text is not valid UTF-8 at byte 11");
  CHECK(error_of("TEXT 4\r\ncaf\xC3\r\n")
        == "the text is not valid UTF-8 at byte 11");
  CHECK(error_of("TEXT 3\r\n\xED\xA0\x80\r\n")
        == "the text is not valid UTF-8 at byte 8");
  CHECK(error_of("BINARY 1\r\n\xFF\r\n") == "");
  CHECK(error_of("PING 1\r\n\xFF\r\n") == "");
  CHECK(error_of("PONG 1\r\n\xFF\r\n") == "");
}

TEST_CASE("RFC 6455 5.5: a ping or a pong has at most 125 bytes") {
  for (auto what : {kind::ping, kind::pong}) {
    CHECK(error_of(write(what, std::string(124, 'x'))) == "");
    CHECK(error_of(write(what, std::string(125, 'x'))) == "");
  }
  std::string many(126, 'x');
  CHECK(error_of(write(kind::ping, many))
        == "a PING has more than 125 bytes at byte 9");
  CHECK(error_of(write(kind::pong, many))
        == "a PONG has more than 125 bytes at byte 9");
  CHECK(error_of(write(kind::text, many)) == "");
  CHECK(error_of(write(kind::binary, many)) == "");
}

TEST_CASE("an open and a disconnect have no content") {
  CHECK(error_of("OPEN 1\r\nx\r\n") == "OPEN has content at byte 8");
  CHECK(error_of("DISCONNECT 1\r\nx\r\n")
        == "DISCONNECT has content at byte 14");
}

TEST_CASE("a close has a code and a reason, a code, or nothing") {
  auto read = [](std::string_view body) {
    auto parsed = parse_websocket_events(body, 1);
    return parsed && parsed->size() == 1 ? parsed->front() : make(kind::open);
  };
  CHECK(read("CLOSE\r\n") == make_close(0, ""));
  CHECK(read("CLOSE 2\r\n\x03\xE8\r\n") == make_close(1000, ""));
  CHECK(read("CLOSE 7\r\n\x0F\xA1"
             "caf\xC3\xA9\r\n")
        == make_close(4001, "caf\xC3\xA9"));
  CHECK(read("CLOSE 2\r\n\x13\x87\r\n") == make_close(4999, ""));
  CHECK(read("CLOSE 4\r\n\x03\xE9\r\n\r\n") == make_close(1001, "\r\n"));
}

TEST_CASE("a close that may not be sent is a failure") {
  CHECK(error_of("CLOSE 1\r\n\x03\r\n")
        == "a CLOSE has one byte of a close code at byte 9");
  CHECK(error_of("CLOSE 2\r\n\x03\xED\r\n")
        == "close code 1005 may not be sent at byte 9");
  CHECK(error_of("CLOSE 2\r\n\0\0\r\n"sv)
        == "close code 0 may not be sent at byte 9");
  CHECK(error_of("CLOSE 2\r\n\xFF\xFF\r\n")
        == "close code 65535 may not be sent at byte 9");
  CHECK(error_of("CLOSE 3\r\n\x03\xE8\xC3\r\n")
        == "the close reason is not valid UTF-8 at byte 9");
}

TEST_CASE("RFC 6455 5.5: a close reason has at most 123 bytes") {
  auto close = [](std::size_t size) {
    return write(kind::close, "\x03\xE8" + std::string(size, 'r'));
  };
  CHECK(error_of(close(122)) == "");
  CHECK(error_of(close(123)) == "");
  CHECK(error_of(close(124))
        == "the close reason is longer than 123 bytes at byte 10");
}

TEST_CASE("nothing follows a close or a disconnect") {
  CHECK(error_of("CLOSE\r\nPING\r\n")
        == "something follows the last event at byte 7");
  CHECK(error_of("CLOSE 2\r\n\x03\xE8\r\nDISCONNECT\r\n")
        == "something follows the last event at byte 13");
  CHECK(error_of("DISCONNECT\r\nOPEN\r\n")
        == "something follows the last event at byte 12");
  CHECK(error_of("OPEN\r\nDISCONNECT\r\n\0"sv)
        == "something follows the last event at byte 18");
  CHECK(error_of("OPEN\r\nPING\r\nCLOSE\r\n") == "");
}

TEST_CASE("a body has at most as many events as it may") {
  std::string body;
  for (int i = 0; i < 3; ++i)
    append_websocket_event(body, kind::text, "ab");
  CHECK(error_of(body, 4) == "");
  CHECK(error_of(body, 3) == "");
  CHECK(error_of(body, 2) == "more than 2 events at byte 24");
  CHECK(error_of(body, 0) == "more than 0 events at byte 0");
  // The first that is too many is not looked at.
  CHECK(error_of("OPEN\r\n\xFF", 1) == "more than 1 events at byte 6");
}

TEST_CASE("an event is written with the length of what it has") {
  CHECK(write(kind::open) == "OPEN\r\n");
  CHECK(write(kind::text, "hello") == "TEXT 5\r\nhello\r\n");
  CHECK(write(kind::text) == "TEXT\r\n");
  CHECK(write(kind::binary, "\0\r\n"sv) == "BINARY 3\r\n\0\r\n\r\n"sv);
  CHECK(write(kind::ping, "x") == "PING 1\r\nx\r\n");
  CHECK(write(kind::pong) == "PONG\r\n");
  CHECK(write(kind::close, "\x03\xE8") == "CLOSE 2\r\n\x03\xE8\r\n");
  CHECK(write(kind::disconnect) == "DISCONNECT\r\n");
  CHECK(write(kind::text, std::string(171, 'x')).starts_with("TEXT AB\r\nx"));
  std::string out{"PING\r\n"};
  append_websocket_event(out, kind::pong, "a");
  CHECK(out == "PING\r\nPONG 1\r\na\r\n");
}

TEST_CASE("what is written is read back") {
  std::string large(1 << 20, '\xFF');
  std::string body;
  append_websocket_event(body, kind::open, {});
  append_websocket_event(body, kind::text, "TEXT 4\r\ntext\r\n");
  append_websocket_event(body, kind::binary, large);
  append_websocket_event(body, kind::ping, "\0"sv);
  append_websocket_event(body, kind::pong, {});
  append_websocket_event(body, kind::close, "\x0B\xB8go");
  auto parsed = parse_websocket_events(body, 6);
  REQUIRE(parsed);
  CHECK(*parsed
        == events{make(kind::open), make(kind::text, "TEXT 4\r\ntext\r\n"),
                  make(kind::binary, large), make(kind::ping, "\0"sv),
                  make(kind::pong), make_close(3000, "go")});
}

TEST_CASE("a body that is cut is a failure, or has fewer events") {
  auto body = "OPEN\r\nTEXT 3\r\nabc\r\nPING\r\nCLOSE 2\r\n\x03\xE8\r\n"sv;
  const std::vector<std::size_t> ends{0, 6, 19, 25, body.size()};
  for (std::size_t size = 0; size <= body.size(); ++size) {
    CAPTURE(size);
    std::string part{body.substr(0, size)};
    auto parsed = parse_websocket_events(part, plenty);
    auto end = std::find(ends.begin(), ends.end(), size);
    REQUIRE(static_cast<bool>(parsed) == (end != ends.end()));
    if (parsed)
      CHECK(parsed->size() == static_cast<std::size_t>(end - ends.begin()));
  }
}

TEST_CASE("very many events are read in linear time") {
  std::string body;
  for (int i = 0; i < 200'000; ++i)
    body += "PING\r\n";
  auto parsed = parse_websocket_events(body, 200'000);
  REQUIRE(parsed);
  CHECK(parsed->size() == 200'000);
}

} // namespace wsrelay::websocket_events_test
