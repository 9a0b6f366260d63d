// Shared bytes: what is done once and seen by all.
#include "protocol/shared_buffer.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace wsrelay::shared_buffer_test {

TEST_CASE("copies share the bytes") {
  shared_buffer first{"some text"};
  auto second = first;
  CHECK(first.data() == second.data());
  CHECK(first == second);
  first = shared_buffer{};
  CHECK(second.view() == "some text");
  CHECK(first.empty());
  CHECK(first.data() == nullptr);
}

TEST_CASE("every copy of a buffer is the same frame") {
  for (auto size : {1u, 125u, 126u, 0xffffu, 0x10000u}) {
    CAPTURE(size);
    std::string text(size, 'x');
    shared_buffer buffer{text};
    auto frame = buffer.framed(opcode::binary);
    REQUIRE(frame);
    auto header = plain_header_size(size);
    CHECK(frame->size() == header + size);
    CHECK(frame->data() + header == buffer.data());
    CHECK(frame->front() == '\x82');
    CHECK(frame->substr(header) == text);
    auto copy = buffer;
    CHECK(copy.framed(opcode::binary)->data() == frame->data());
  }
}

TEST_CASE("a frame has the length in its shortest form") {
  auto header = [](std::size_t size) {
    shared_buffer buffer{std::string(size, 'x')};
    auto frame = *buffer.framed(opcode::text);
    return std::string{frame.substr(0, frame.size() - size)};
  };
  using namespace std::string_literals;
  CHECK(header(1) == "\x81\x01"s);
  CHECK(header(125) == "\x81\x7d"s);
  CHECK(header(126) == "\x81\x7e\x00\x7e"s);
  CHECK(header(0xffff) == "\x81\x7e\xff\xff"s);
  CHECK(header(0x10000) == "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s);
}

TEST_CASE("the first opcode of a buffer stays") {
  shared_buffer buffer{"bytes"};
  REQUIRE(buffer.framed(opcode::text));
  CHECK(!buffer.framed(opcode::binary));
  CHECK(buffer.framed(opcode::text)->front() == '\x81');
}

TEST_CASE("an empty buffer is a frame of any opcode") {
  shared_buffer empty;
  for (auto op : {opcode::text, opcode::binary, opcode::close, opcode::ping,
                  opcode::pong}) {
    auto frame = empty.framed(op);
    REQUIRE(frame);
    CHECK(*frame == std::string({first_byte(op), '\0'}));
  }
}

TEST_CASE("threads agree on one opcode") {
  for (int round = 0; round < 200; ++round) {
    shared_buffer buffer{"shared"};
    bool text = false;
    bool binary = false;
    std::thread other{
        [&, copy = buffer] { text = copy.framed(opcode::text).has_value(); }};
    binary = buffer.framed(opcode::binary).has_value();
    other.join();
    CHECK(text != binary);
  }
}

TEST_CASE("whether bytes are UTF-8 is looked at once") {
  CHECK(shared_buffer{}.is_utf8());
  CHECK(shared_buffer{"gr\xc3\xb6\xc3\x9f"}.is_utf8());
  shared_buffer bad{"\xff"};
  CHECK(!bad.is_utf8());
  CHECK(!bad.is_utf8());
  buffer_builder builder;
  *builder.extend(1, 1) = '\xff';
  CHECK(builder.finish(true).is_utf8()); // whoever says so is believed
}

TEST_CASE("a builder gives its bytes away whole and starts anew") {
  buffer_builder builder;
  std::string expected;
  for (std::size_t size = 1; size < 300; size += 7) {
    std::string piece(size, static_cast<char>('a' + size % 26));
    std::memcpy(builder.extend(size, 1000), piece.data(), size);
    expected += piece;
    REQUIRE(builder.view() == expected);
  }
  auto result = builder.finish();
  CHECK(result.view() == expected);
  CHECK(builder.size() == 0);
  CHECK(builder.finish().empty());
  std::memcpy(builder.extend(2, 2), "hi", 2);
  CHECK(builder.finish().view() == "hi");
}

} // namespace wsrelay::shared_buffer_test
