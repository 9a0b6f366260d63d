// Looking ahead for a close frame, and what a violation is called.
#include "test/protocol/message_reader_support.hpp"

namespace wsrelay::message_reader_ahead_test {

using namespace wsrelay::test;

namespace {

// Whether a reader that has read everything before `at` sees a close frame in
// what follows.
bool sees_close(std::string_view bytes, std::size_t at) {
  message_reader reader{no_limit};
  auto before = bytes.substr(0, at);
  while (reader.next(before) != message_reader::event::none)
    reader.take();
  return reader.sees_close(bytes.substr(at));
}

std::string reason_of(std::string_view bytes, std::size_t max_message = 100) {
  message_reader reader{max_message};
  for (;;) {
    switch (reader.next(bytes)) {
      case message_reader::event::none:
        return "";
      case message_reader::event::failed:
        return std::string{reader.reason()};
      default:
        reader.take();
    }
  }
}

std::string unmasked() {
  client_frame frame{opcode::text, "x"};
  frame.masked = false;
  return to_bytes(frame);
}

} // namespace

TEST_CASE("a close frame is seen ahead from wherever the reader stands") {
  auto before = whole(opcode::text, "hello") + first(opcode::binary, "a")
                + whole(opcode::ping, "p") + last("b");
  auto all = before + closing(1000, "bye") + whole(opcode::text, "late");
  for (std::size_t at = 0; at <= before.size() + 5; ++at) {
    CAPTURE(at);
    CHECK(sees_close(all, at));
    CHECK_FALSE(sees_close(before, std::min(at, before.size())));
  }
}

TEST_CASE("a payload that looks like a close frame is none") {
  auto text = whole(opcode::binary, closing(1000, "bye") + closing(1001, ""));
  for (std::size_t at = 0; at <= text.size(); ++at)
    CHECK_FALSE(sees_close(text, at));
}

TEST_CASE("a frame that does not end is no close frame, whatever its length") {
  for (auto length : {100ull, 1ull << 40, (1ull << 63) - 1, ~0ull}) {
    client_frame frame{opcode::binary, "begin"};
    frame.length = length;
    CHECK_FALSE(sees_close(to_bytes(frame) + closing(1000, ""), 0));
  }
}

TEST_CASE("a violation has a name") {
  client_frame reserved{opcode::text, "x"};
  reserved.reserved = 4;
  client_frame fragmented{opcode::ping, "x"};
  fragmented.fin = false;
  client_frame longer{opcode::text, "x"};
  longer.length_size = 8;
  client_frame unknown{static_cast<opcode>(11), "x"};
  client_frame unknown_data{static_cast<opcode>(3), "x"};
  CHECK(reason_of(whole(opcode::text, "fine")) == "");
  CHECK(reason_of(unmasked()) == "a frame is not masked");
  CHECK(reason_of(to_bytes(reserved)) == "a reserved bit is set");
  CHECK(reason_of(to_bytes(longer)) == "a length is not well-formed");
  CHECK(reason_of(to_bytes(unknown)) == "an unknown opcode");
  CHECK(reason_of(to_bytes(unknown_data)) == "an unknown opcode");
  CHECK(reason_of(to_bytes(fragmented)) == "a control frame is fragmented");
  CHECK(reason_of(whole(opcode::ping, std::string(126, 'x')))
        == "a control frame is too long");
  CHECK(reason_of(last("x")) == "a continuation of no message");
  CHECK(reason_of(first(opcode::text, "a") + whole(opcode::text, "b"))
        == "a message inside of another");
  CHECK(reason_of(whole(opcode::text, std::string(101, 'x')))
        == "a message is too big: send smaller ones");
  CHECK(reason_of(whole(opcode::text, "\xff")) == "a text is not UTF-8");
  CHECK(reason_of(closing(1005)) == "an invalid close code");
  CHECK(reason_of(whole(opcode::close, "x")) == "an invalid close code");
  CHECK(reason_of(closing(1000, "\xff")) == "a close reason is not UTF-8");
}

} // namespace wsrelay::message_reader_ahead_test
