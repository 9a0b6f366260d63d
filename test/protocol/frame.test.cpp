// Headers at the limits of RFC 6455 section 5.2, and the mask of section 5.3
// against the formula that stands there.
#include "protocol/frame.hpp"

#include "test/protocol/client_frames.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace wsrelay::frame_test {

using test::client_frame;
using test::to_bytes;
using namespace std::string_literals;

namespace {

constexpr std::uint64_t lengths[] = {0,          1,          125,
                                     126,        127,        65'535,
                                     65'536,     0xffffffff, 0x123456789abc,
                                     1ull << 62, 1ull << 63, ~0ull};

// RFC 6455 section 5.3: octet i is masked with octet i MOD 4 of the key.
std::string unmask_naively(std::string_view in, mask_key key,
                           std::uint64_t offset) {
  std::string out;
  for (std::size_t i = 0; i < in.size(); ++i)
    out += static_cast<char>(in[i] ^ key[(offset + i) % 4]);
  return out;
}

std::string random_text(std::size_t size, std::mt19937& random) {
  std::string out;
  while (out.size() < size)
    out += static_cast<char>(random());
  return out;
}

// `in` stands and is written at every alignment, between bytes that stay.
void check_unmask(std::string_view in, mask_key key, std::uint64_t offset) {
  auto expected = unmask_naively(in, key, offset);
  for (std::size_t shift : {0u, 1u, 5u}) {
    auto from = std::string(shift, '<') + std::string{in};
    auto into = std::string(shift + in.size() + 9, '=');
    unmask_copy(into.data() + shift, std::string_view{from}.substr(shift), key,
                offset);
    REQUIRE(into == std::string(shift, '=') + expected + std::string(9, '='));
  }
}

} // namespace

TEST_CASE("RFC 6455 5.2: the length has three forms") {
  for (bool masked : {false, true})
    for (auto length : lengths) {
      CAPTURE(length);
      client_frame frame{.op = opcode::binary, .masked = masked};
      frame.length = length;
      auto bytes = to_bytes(frame);
      auto header = read_frame_header(bytes);
      CHECK(header.length == length);
      CHECK(header.minimal);
      CHECK(header.size == bytes.size());
      CHECK(header.size == plain_header_size(length) + (masked ? 4 : 0));
    }
}

TEST_CASE("RFC 6455 5.2: the shortest form of a length is told from others") {
  struct length_case {
    std::uint64_t length;
    std::size_t length_size;
    bool minimal;
  };
  constexpr length_case cases[] = {
      {0, 2, false},     {125, 2, false}, {126, 2, true},  {65'535, 2, true},
      {0, 8, false},     {125, 8, false}, {126, 8, false}, {65'535, 8, false},
      {65'536, 8, true}, {~0ull, 8, true}};
  for (const auto& each : cases) {
    CAPTURE(each.length);
    CAPTURE(each.length_size);
    client_frame frame{.op = opcode::text};
    frame.length = each.length;
    frame.length_size = each.length_size;
    auto header = read_frame_header(to_bytes(frame));
    CHECK(header.length == each.length);
    CHECK(header.minimal == each.minimal);
  }
}

TEST_CASE("RFC 6455 5.2: every bit of the first byte is read") {
  for (unsigned first = 0; first < 256; ++first) {
    CAPTURE(first);
    auto header = read_frame_header(std::string{static_cast<char>(first), 0});
    REQUIRE(header.size == 2);
    CHECK(header.fin == (first >= 128));
    CHECK(header.deflated == (first / 64 % 2 != 0));
    CHECK(header.reserved == (first / 16 % 4 != 0));
    CHECK(static_cast<unsigned>(header.op) == first % 16);
  }
}

TEST_CASE("RFC 6455 5.3: the key stands behind the length") {
  for (auto length : {5ull, 126ull, 65'536ull}) {
    client_frame frame{.op = opcode::text, .key = {'\x80', '\0', '\xff', 'k'}};
    frame.length = length;
    auto header = read_frame_header(to_bytes(frame) + "payload");
    CHECK(header.masked);
    CHECK(header.key == frame.key);
    frame.masked = false;
    CHECK_FALSE(read_frame_header(to_bytes(frame) + "payload").masked);
  }
}

TEST_CASE("a header that is not whole has no size yet") {
  for (bool masked : {false, true})
    for (auto length : lengths) {
      client_frame frame{.op = opcode::ping, .masked = masked};
      frame.length = length;
      auto bytes = to_bytes(frame);
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        // Memory that ends where the header is cut.
        std::vector<char> cut(bytes.begin(), bytes.begin() + size);
        REQUIRE(read_frame_header({cut.data(), size}).size == 0);
      }
    }
}

TEST_CASE("a header that was written is read back") {
  for (auto length : lengths) {
    CAPTURE(length);
    std::string bytes(plain_header_size(length) + 1, '=');
    bytes[0] = first_byte(opcode::pong);
    put_plain_length(bytes.data() + 1, length);
    CHECK(bytes.back() == '=');
    auto header = read_frame_header(bytes);
    CHECK(header.size == plain_header_size(length));
    CHECK(header.length == length);
    CHECK(header.op == opcode::pong);
    CHECK(header.fin);
    CHECK(header.minimal);
    CHECK_FALSE(header.masked);
    CHECK_FALSE(header.reserved);
  }
}

TEST_CASE("RFC 6455 5.5: an opcode with its top bit is a control frame's") {
  for (unsigned op = 0; op < 16; ++op)
    CHECK(is_control(static_cast<opcode>(op)) == (op >= 8));
}

TEST_CASE("RFC 6455 5.7: the masked frame of the example is read") {
  auto bytes = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s;
  auto header = read_frame_header(bytes);
  REQUIRE(header.size == 6);
  CHECK(header.op == opcode::text);
  CHECK(header.length == 5);
  std::string payload(5, ' ');
  unmask_copy(payload.data(), std::string_view{bytes}.substr(6), header.key, 0);
  CHECK(payload == "Hello");
}

TEST_CASE("RFC 6455 5.3: the mask is undone at every size and offset") {
  constexpr unsigned seed = 6455;
  INFO("seed ", seed);
  std::mt19937 random{seed};
  for (std::size_t size = 0; size <= 200; ++size)
    for (std::uint64_t offset = 0; offset < 8; ++offset) {
      CAPTURE(size);
      CAPTURE(offset);
      mask_key key;
      for (auto& byte : key)
        byte = static_cast<char>(random());
      auto text = random_text(size, random);
      check_unmask(text, key, offset);
      check_unmask(text, key, offset + (1ull << 40));
    }
}

} // namespace wsrelay::frame_test
