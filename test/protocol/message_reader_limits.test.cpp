// How long a message may be, and what memory it takes until then.
#include "test/protocol/message_reader_support.hpp"

#include <malloc.h>

namespace wsrelay::message_reader_limits_test {

using namespace wsrelay::test;
using event = message_reader::event;

namespace {

std::size_t memory_in_use() {
  auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

} // namespace

// -- the limit ----------------------------------------------------------------

TEST_CASE("a message may be as long as the limit and no longer") {
  for (std::size_t limit : {1, 5, 125, 126, 65'535, 65'536}) {
    CAPTURE(limit);
    for (auto size : {limit - 1, limit}) {
      std::string text(size, 'x');
      CHECK(outcome_whole(whole(opcode::text, text), limit) == "text " + text);
    }
    CHECK(outcome_whole(whole(opcode::text, std::string(limit + 1, 'x')), limit)
          == "failed 1009");
  }
}

TEST_CASE("the limit holds over all fragments") {
  auto begin = first(opcode::text, "ab") + middle("") + middle("cd");
  CHECK(outcome(begin + last(""), 5) == "text abcd");
  CHECK(outcome(begin + last("e"), 5) == "text abcde");
  CHECK(outcome(begin + last("ef"), 5) == "failed 1009");
  CHECK(outcome(begin + whole(opcode::ping, "p") + last("ef"), 5)
        == "ping p, failed 1009");
}

TEST_CASE("each message has the whole limit") {
  auto text = whole(opcode::text, "abc");
  CHECK(outcome(text + text + first(opcode::text, "ab") + last("c") + text, 3)
        == "text abc, text abc, text abc, text abc");
}

TEST_CASE("a message at the limit leaves room for control frames") {
  CHECK(outcome(first(opcode::text, "ab") + whole(opcode::ping, "payload")
                    + last("c"),
                3)
        == "ping payload, text abc");
}

TEST_CASE("a limit of nothing lets empty messages pass") {
  CHECK(outcome(whole(opcode::text, ""), 0) == "text ");
  CHECK(outcome(whole(opcode::binary, "x"), 0) == "failed 1009");
}

TEST_CASE("RFC 6455 7.4.1: too long a message fails at its header") {
  for (auto length : {6ull, 1ull << 32, (1ull << 63) - 1}) {
    client_frame frame{.op = opcode::text};
    frame.length = length;
    CHECK(outcome(to_bytes(frame), 5) == "failed 1009");
    frame.op = opcode::continuation;
    CHECK(outcome(first(opcode::text, "abc") + to_bytes(frame), 5)
          == "failed 1009");
  }
}

// -- memory -------------------------------------------------------------------

TEST_CASE("an announced length takes no memory") {
  client_frame frame{.op = opcode::binary, .payload = std::string(1000, 'x')};
  frame.length = (1ull << 63) - 1; // no allocator has that much
  CHECK(outcome_whole(to_bytes(frame), ~std::size_t{}) == "inside");
  frame.op = opcode::continuation;
  CHECK(
      outcome_whole(first(opcode::text, "a") + to_bytes(frame), ~std::size_t{})
      == "inside");
}

// glibc's count of its memory, in whole pages; under sanitizers it is always 0.
TEST_CASE("a message takes at most about twice what has come of it") {
  client_frame frame{.op = opcode::binary, .payload = std::string(1000, 'x')};
  frame.length = (1 << 24) + 1;
  auto bytes = to_bytes(frame);
  std::string more(1000, 'x');
  message_reader reader{no_limit};
  auto before = memory_in_use();
  std::string_view input = bytes;
  REQUIRE(reader.next(input) == event::none);
  for (std::size_t come = 1000; come + 1000 < 1 << 24; come += more.size()) {
    auto held = memory_in_use() - before;
    REQUIRE(held <= 2 * come + 8192); // what the allocator rounds up to
    input = more;
    REQUIRE(reader.next(input) == event::none);
  }
}

TEST_CASE("a message that was taken leaves nothing behind") {
  message_reader reader{no_limit};
  auto bytes = whole(opcode::text, std::string(100'000, 'x'))
               + whole(opcode::ping, "p") + whole(opcode::close, "");
  auto before = memory_in_use();
  std::string_view input = bytes;
  for (auto expected : {event::message, event::ping, event::close}) {
    REQUIRE(reader.next(input) == expected);
    reader.take();
    CHECK(memory_in_use() == before);
  }
  CHECK(reader.take().empty());
}

TEST_CASE("what nobody takes is replaced by the next") {
  message_reader reader{no_limit};
  auto bytes = whole(opcode::text, "first") + whole(opcode::ping, "p")
               + whole(opcode::binary, "2nd") + whole(opcode::ping, "q");
  std::string_view input = bytes;
  for (auto expected : {event::message, event::ping, event::message}) {
    REQUIRE(reader.next(input) == expected);
  }
  CHECK(reader.take().view() == "2nd");
  REQUIRE(reader.next(input) == event::ping);
  CHECK(reader.take().view() == "q");
}

TEST_CASE("what is compressed may be a little larger than the limit") {
  auto event_of = [](std::size_t size, unsigned reserved) {
    message_reader reader{1000, true};
    auto bytes = to_bytes({.op = opcode::binary,
                           .payload = std::string(size, 'x'),
                           .reserved = reserved});
    std::string_view rest{bytes};
    return reader.next(rest);
  };
  constexpr unsigned rsv1 = 4;
  constexpr std::size_t most = 1000 + 1000 / 512 + 64;
  CHECK(event_of(most, rsv1) == message_reader::event::message);
  CHECK(event_of(most + 1, rsv1) == message_reader::event::failed);
  CHECK(event_of(1000, 0) == message_reader::event::message);
  CHECK(event_of(1001, 0) == message_reader::event::failed);
}

} // namespace wsrelay::message_reader_limits_test
