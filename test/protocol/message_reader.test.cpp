// What a client may send, and what fails: one case for each MUST of RFC 6455
// section 5 that a server has to check.
#include "protocol/message_reader.hpp"

#include "test/protocol/message_reader_support.hpp"

namespace wsrelay::message_reader_test {

using namespace wsrelay::test;
using event = message_reader::event;
using namespace std::string_literals;

// -- frames -------------------------------------------------------------------

TEST_CASE("RFC 6455 5.6: text and binary messages are told apart") {
  CHECK(outcome(whole(opcode::text, "Hello")) == "text Hello");
  CHECK(outcome(whole(opcode::binary, "\xff\0"s)) == "binary \xff\0"s);
  CHECK(outcome(whole(opcode::text, "")) == "text ");
  CHECK(outcome(whole(opcode::binary, "")) == "binary ");
  CHECK(outcome("") == "");
}

TEST_CASE("messages that come together are told apart") {
  CHECK(outcome(whole(opcode::text, "a") + whole(opcode::binary, "b")
                + whole(opcode::text, "") + whole(opcode::text, "c"))
        == "text a, binary b, text , text c");
}

TEST_CASE("RFC 6455 5.2: every form of the length carries its payload") {
  for (auto size : {0u, 1u, 125u, 126u, 127u, 65'535u, 65'536u}) {
    CAPTURE(size);
    std::string payload(size, 'x');
    auto bytes = whole(opcode::text, payload);
    CHECK(outcome_whole(bytes) == "text " + payload);
    for (std::size_t at = 1; at < 16 && at < bytes.size(); ++at)
      CHECK(joined(events_of(bytes, no_limit, {at})) == "text " + payload);
  }
}

TEST_CASE("RFC 6455 5.2: a length in a form that is not the shortest fails") {
  struct length_case {
    std::size_t size, length_size;
  };
  for (auto [size, length_size] :
       {length_case{0, 2}, {5, 2}, {125, 2}, {5, 8}, {126, 8}, {65'535, 8}}) {
    client_frame frame{.op = opcode::binary, .payload = std::string(size, 'x')};
    frame.length_size = length_size;
    CHECK(outcome_whole(to_bytes(frame)) == "failed 1002");
    frame.op = opcode::ping;
    CHECK(outcome_whole(to_bytes(frame)) == "failed 1002");
  }
}

TEST_CASE("RFC 6455 5.2: a length with its top bit set fails") {
  for (auto length : {1ull << 63, (1ull << 63) + 5, ~0ull}) {
    client_frame frame{.op = opcode::binary, .payload = "12345"};
    frame.length = length;
    CHECK(outcome(to_bytes(frame)) == "failed 1002");
    CHECK(outcome(to_bytes(frame), ~std::size_t{}) == "failed 1002");
  }
}

TEST_CASE("RFC 6455 5.2: a reserved bit fails on every frame") {
  for (unsigned bits = 1; bits < 8; ++bits)
    for (auto op : {opcode::text, opcode::binary, opcode::close, opcode::ping,
                    opcode::pong}) {
      client_frame frame{.op = op, .reserved = bits};
      CHECK(outcome(to_bytes(frame)) == "failed 1002");
    }
  client_frame end{.op = opcode::continuation, .reserved = 4};
  CHECK(outcome(first(opcode::text, "a") + to_bytes(end)) == "failed 1002");
}

TEST_CASE("RFC 6455 5.2: a reserved opcode fails") {
  for (unsigned op : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u}) {
    auto bytes = whole(static_cast<opcode>(op), "x");
    CHECK(outcome(bytes) == "failed 1002");
    CHECK(outcome(first(opcode::text, "a") + bytes) == "failed 1002");
  }
}

TEST_CASE("RFC 6455 5.1: a frame without a mask fails") {
  for (auto op : {opcode::text, opcode::binary, opcode::close, opcode::ping,
                  opcode::pong})
    for (std::string payload : {"", "x"})
      CHECK(outcome(to_bytes({.op = op, .payload = payload, .masked = false}))
            == "failed 1002");
  client_frame end{.op = opcode::continuation, .masked = false};
  CHECK(outcome(first(opcode::text, "a") + to_bytes(end)) == "failed 1002");
}

TEST_CASE("RFC 6455 5.3: each frame has a mask of its own") {
  auto bytes = to_bytes({.op = opcode::text, .payload = "ab", .fin = false})
               + to_bytes({.op = opcode::ping, .payload = "p", .key = {}})
               + to_bytes({.op = opcode::continuation,
                           .payload = "cdefg",
                           .key = {'\xff', '\x80', '\x01', '\x7f'}});
  CHECK(outcome(bytes) == "ping p, text abcdefg");
}

// -- fragments ----------------------------------------------------------------

TEST_CASE("RFC 6455 5.4: fragments are one message of the first one's type") {
  CHECK(outcome(first(opcode::text, "a") + middle("b") + last("c"))
        == "text abc");
  CHECK(outcome(first(opcode::binary, "a") + last("\xff")) == "binary a\xff");
  CHECK(outcome(first(opcode::text, "a") + last("b") + whole(opcode::text, "c"))
        == "text ab, text c");
}

TEST_CASE("RFC 6455 5.4: fragments may be empty") {
  CHECK(outcome(first(opcode::text, "") + middle("") + last("")) == "text ");
  CHECK(outcome(first(opcode::binary, "") + middle("a") + last(""))
        == "binary a");
  CHECK(outcome(first(opcode::text, "a") + middle("") + last("b"))
        == "text ab");
}

TEST_CASE("RFC 6455 5.4: control frames may stand between fragments") {
  CHECK(outcome(first(opcode::text, "a") + whole(opcode::ping, "p")
                + middle("b") + whole(opcode::pong, "")
                + whole(opcode::ping, "q") + last("c"))
        == "ping p, pong , ping q, text abc");
  CHECK(outcome(first(opcode::binary, "") + whole(opcode::pong, "p") + last(""))
        == "pong p, binary ");
}

TEST_CASE("RFC 6455 5.5.1: a close frame may stand between fragments") {
  CHECK(outcome(first(opcode::text, "a") + closing(1001))
        == "close 1001 , inside");
}

TEST_CASE("RFC 6455 5.4: a continuation of nothing fails") {
  CHECK(outcome(last("x")) == "failed 1002");
  CHECK(outcome(middle("x")) == "failed 1002");
  CHECK(outcome(middle("")) == "failed 1002");
  CHECK(outcome(whole(opcode::text, "a") + last("b")) == "text a, failed 1002");
  CHECK(outcome(first(opcode::text, "a") + last("b") + last("c"))
        == "text ab, failed 1002");
  CHECK(outcome(whole(opcode::ping, "p") + last("b")) == "ping p, failed 1002");
}

TEST_CASE("RFC 6455 5.4: fragments of two messages do not mix") {
  for (auto op : {opcode::text, opcode::binary}) {
    CHECK(outcome(first(opcode::text, "a") + whole(op, "b")) == "failed 1002");
    CHECK(outcome(first(opcode::binary, "") + first(op, "")) == "failed 1002");
    CHECK(outcome(first(op, "a") + middle("b") + whole(op, ""))
          == "failed 1002");
  }
}

// -- control frames -----------------------------------------------------------

TEST_CASE("RFC 6455 5.5.2: pings and pongs come with their payload") {
  CHECK(outcome(whole(opcode::ping, "") + whole(opcode::pong, "")
                + whole(opcode::ping, "\xff\0x"s) + whole(opcode::pong, "q"))
        == "ping , pong , ping \xff\0x, pong q"s);
}

TEST_CASE("RFC 6455 5.5: a control frame carries up to 125 bytes") {
  for (auto [op, name] :
       {std::pair{opcode::ping, "ping "}, std::pair{opcode::pong, "pong "}}) {
    for (std::size_t size : {124, 125}) {
      std::string payload(size, 'x');
      CHECK(outcome(whole(op, payload)) == name + payload);
    }
    for (std::size_t size : {126, 65'535, 65'536})
      CHECK(outcome_whole(whole(op, std::string(size, 'x'))) == "failed 1002");
  }
  CHECK(outcome(closing(1000, std::string(123, 'r')))
        == "close 1000 " + std::string(123, 'r'));
  CHECK(outcome(closing(1000, std::string(124, 'r'))) == "failed 1002");
}

TEST_CASE("RFC 6455 5.5: a control frame in fragments fails") {
  for (auto op : {opcode::close, opcode::ping, opcode::pong}) {
    CHECK(outcome(first(op, "")) == "failed 1002");
    CHECK(outcome(first(opcode::text, "a") + first(op, "p") + last("b"))
          == "failed 1002");
  }
}

TEST_CASE("RFC 6455 5.5.1: a close frame is empty or has a code") {
  CHECK(outcome(whole(opcode::close, "")) == "close 1005 ");
  CHECK(outcome(closing(1000)) == "close 1000 ");
  CHECK(outcome(closing(4999, "gr\xc3\xbc\xc3\x9f"))
        == "close 4999 gr\xc3\xbc\xc3\x9f");
  CHECK(outcome(whole(opcode::close, "\x03")) == "failed 1002");
}

TEST_CASE("RFC 6455 7.4: a close code is accepted exactly if it may be sent") {
  for (unsigned code = 0; code <= 0xffff; ++code) {
    auto expected = is_sendable(static_cast<std::uint16_t>(code))
                        ? "close " + std::to_string(code) + " "
                        : "failed 1002"s;
    REQUIRE(outcome_whole(closing(static_cast<std::uint16_t>(code)))
            == expected);
  }
}

TEST_CASE("RFC 6455 5.5.1: a close reason that is not UTF-8 fails") {
  for (std::string reason : {"\xff", "a\x80", "a\xc3", "\xed\xa0\x80"})
    CHECK(outcome(closing(1000, reason)) == "failed 1007");
}

TEST_CASE("RFC 6455 5.5.1: a close payload is what was asked for") {
  CHECK(make_close_payload(1000, "").view() == "\x03\xe8");
  CHECK(make_close_payload(4999, "bye").view()
        == "\x13\x87"
           "bye");
  CHECK(make_close_payload(1005, "bye").empty());
  auto full = make_close_payload(1001, std::string(123, 'r'));
  CHECK(full.size() == max_control_payload);
  CHECK(close_frame_code(full.view()) == close_code::going_away);
}

TEST_CASE("RFC 6455 5.5: a close payload is cut between characters") {
  auto cut = make_close_payload(1001, std::string(122, 'r') + "\xc3\xa9");
  CHECK(cut.view().substr(2) == std::string(122, 'r'));
  CHECK(make_close_payload(1001, std::string(500, 'r')).size() == 125);
}

TEST_CASE("RFC 6455 7.1.5: a close payload without a code has none") {
  CHECK(close_frame_code("") == close_code::no_status);
  CHECK(close_frame_code("\x03\xe8") == close_code::normal);
  CHECK(close_frame_code("\x03\xf1text") == close_code::message_too_big);
}

// -- the reader ---------------------------------------------------------------

TEST_CASE("RFC 6455 7.1.7: nothing is read after a failure") {
  auto good = whole(opcode::text, "good");
  for (const auto& bad : {last("x"), whole(opcode::text, "\xff"),
                          whole(opcode::binary, "too long"), closing(1005)}) {
    message_reader reader{5};
    auto bytes = bad + good;
    std::string_view input = bytes;
    REQUIRE(reader.next(input) == event::failed);
    auto error = reader.error();
    CHECK(error != close_code{});
    for (int i = 0; i < 3; ++i) {
      input = good;
      CHECK(reader.next(input) == event::failed);
      CHECK(input == good);
      CHECK(reader.error() == error);
      CHECK(reader.take().empty());
    }
  }
}

TEST_CASE("an event ends where the next frame begins") {
  auto one = whole(opcode::text, "one");
  auto rest = whole(opcode::ping, "p") + "rest";
  message_reader reader{no_limit};
  auto bytes = one + rest;
  std::string_view input = bytes;
  REQUIRE(reader.next(input) == event::message);
  CHECK(input == rest);
  reader.take();
  REQUIRE(reader.next(input) == event::ping);
  CHECK(input == "rest");
}

TEST_CASE("what is incomplete is known") {
  auto bytes = first(opcode::text, "a") + whole(opcode::ping, "p") + last("b")
               + whole(opcode::ping, "");
  // Where no byte of a frame and no fragment is missing.
  auto between = [&](std::size_t at) {
    return at == 0 || at == bytes.size() - 6 || at == bytes.size();
  };
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    CAPTURE(at);
    message_reader reader{no_limit};
    std::vector<std::string> events;
    test::read_events(reader, std::string_view{bytes}.substr(0, at), events);
    CHECK(reader.is_inside() == !between(at));
  }
}

TEST_CASE("RFC 6455 5.4: fragments of any number and any pieces are read") {
  std::string bytes = first(opcode::text, "");
  std::string text;
  for (int i = 0; i < 60; ++i) {
    bytes += middle(std::string(i % 4, 'a' + i % 26));
    text += std::string(i % 4, 'a' + i % 26);
    if (i % 7 == 0)
      bytes += whole(opcode::pong, "");
  }
  bytes += last("\xc3\xa9");
  CHECK(outcome(bytes).ends_with("text " + text + "\xc3\xa9"));
}

} // namespace wsrelay::message_reader_test
