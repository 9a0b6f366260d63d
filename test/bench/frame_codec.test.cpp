// Frames of RFC 6455 section 5.2, written and read, whole and in pieces.
#include "tools/bench/frame_codec.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::frame_codec_test {

namespace {

using namespace wsrelay::bench;

struct message {
  opcode op{};
  std::string data;
};

std::string sample(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<char>(i * 7 + i / 251);
  return out;
}

std::string masked_frame(opcode op, const std::string& data,
                         std::uint32_t key) {
  std::string out(max_masked_header + data.size(), '\0');
  auto header = put_header(out.data(), op, data.size(), key);
  mask_copy(out.data() + header, data, key);
  out.resize(header + data.size());
  return out;
}

// The server's frame: the client's without mask bit, key and mask.
std::string server_frame(opcode op, const std::string& data) {
  auto frame = masked_frame(op, data, 0);
  auto header = frame.size() - data.size();
  frame.erase(header - 4, 4);
  frame[1] = static_cast<char>(frame[1] & 0x7f);
  return frame;
}

// Decodes `stream`, given in pieces of `step` bytes.
std::vector<message> decode(frame_decoder& decoder, const std::string& stream,
                            std::size_t step) {
  std::vector<message> out;
  std::string data;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    auto input = std::string_view{stream}.substr(at, step);
    while (auto part = decoder.next(input)) {
      data += part->data;
      if (part->last)
        out.push_back({part->op, std::exchange(data, {})});
    }
  }
  return out;
}

bool fails(const std::string& stream) {
  frame_decoder decoder;
  decode(decoder, stream, stream.size());
  return decoder.failed();
}

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int value : values)
    out += static_cast<char>(value);
  return out;
}

} // namespace

TEST_CASE("a client frame is the one of RFC 6455 section 5.7") {
  std::uint32_t key = 0;
  std::memcpy(&key, "\x37\xfa\x21\x3d", 4);
  CHECK(masked_frame(opcode::text, "Hello", key)
        == "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

TEST_CASE("a header has the shortest length that fits") {
  char out[max_masked_header];
  CHECK(put_header(out, opcode::binary, 0, 1) == 6);
  CHECK(put_header(out, opcode::binary, 125, 1) == 6);
  CHECK(put_header(out, opcode::binary, 126, 1) == 8);
  CHECK(std::string(out, 4) == bytes({0x82, 0xfe, 0, 126}));
  CHECK(put_header(out, opcode::binary, 65535, 1) == 8);
  CHECK(put_header(out, opcode::binary, 65536, 1) == 14);
  CHECK(std::string(out, 10) == bytes({0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST_CASE("masking twice gives the bytes back") {
  for (std::size_t size : {0, 1, 3, 7, 8, 9, 16, 125}) {
    auto data = sample(size);
    std::string once(size, '\0');
    std::string twice(size, '\0');
    mask_copy(once.data(), data, 0xdeadbeef);
    mask_copy(twice.data(), once, 0xdeadbeef);
    CHECK(twice == data);
    CHECK((size == 0 || once != data));
  }
}

TEST_CASE("mask keys differ") {
  mask_keys keys;
  auto first = keys.next();
  CHECK(first != keys.next());
  CHECK(first != 0);
}

TEST_CASE("frames are read whole and in pieces of any size") {
  for (std::size_t size : {0, 1, 124, 125, 126, 127, 65535, 65536}) {
    CAPTURE(size);
    auto data = sample(size);
    auto stream =
        server_frame(opcode::binary, data) + server_frame(opcode::text, "end");
    for (std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3},
                             std::size_t{1000}, stream.size()}) {
      CAPTURE(step);
      frame_decoder decoder;
      auto found = decode(decoder, stream, step);
      REQUIRE(found.size() == 2);
      CHECK(found[0].op == opcode::binary);
      CHECK((found[0].data == data));
      CHECK(found[1].op == opcode::text);
      CHECK(found[1].data == "end");
      CHECK(!decoder.failed());
    }
  }
}

TEST_CASE("a control frame comes between the fragments of a message") {
  auto stream = bytes({0x01, 1, 'a', 0x89, 1, 'p', 0x80, 1, 'b'});
  frame_decoder decoder;
  auto found = decode(decoder, stream, 1);
  REQUIRE(found.size() == 3);
  CHECK(found[0].op == opcode::text);
  CHECK(found[1].op == opcode::ping);
  CHECK(found[2].op == opcode::continuation);
  CHECK(!decoder.failed());
}

TEST_CASE("what a server must not send is a failure") {
  CHECK(fails(bytes({0x81, 0x81, 1, 2, 3, 4, 5}))); // masked: section 5.1
  CHECK(fails(bytes({0xa1, 0})));                   // reserved bit
  CHECK(fails(bytes({0x83, 0})));                   // reserved opcode
  CHECK(fails(bytes({0x8b, 0})));
  CHECK(fails(bytes({0x80, 0})));           // nothing to continue
  CHECK(fails(bytes({0x01, 0, 0x81, 0})));  // message inside a message
  CHECK(fails(bytes({0x09, 0})));           // fragmented ping
  CHECK(fails(bytes({0x89, 126, 0, 126}))); // ping of 126 bytes
  CHECK(fails(bytes({0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}))); // 2^63
  CHECK(!fails(bytes({0x89, 125})));
}

TEST_CASE("a failure is final") {
  frame_decoder decoder;
  decode(decoder, bytes({0x83, 0}), 2);
  CHECK(decode(decoder, server_frame(opcode::text, "x"), 3).empty());
  CHECK(decoder.failed());
}

} // namespace wsrelay::frame_codec_test
