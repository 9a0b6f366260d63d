#include "tools/bench/frame_codec.hpp"

#include <algorithm>
#include <cstring>

namespace wsrelay::bench {

namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t mask_bit = 0x80;

void put_big_endian(char* out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    out[i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
}

std::uint64_t get_big_endian(const char* in, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value = value << 8 | static_cast<std::uint8_t>(in[i]);
  return value;
}

std::size_t length_bytes(std::uint8_t length) {
  return length == 127 ? 8 : length == 126 ? 2 : 0;
}

std::size_t header_size(char second) {
  return 2 + length_bytes(static_cast<std::uint8_t>(second) & 0x7f);
}

} // namespace

std::size_t put_header(char* out, opcode op, std::uint64_t size,
                       std::uint32_t key) noexcept {
  std::uint8_t length = size < 126 ? size : size < 65536 ? 126 : 127;
  auto extra = length_bytes(length);
  out[0] = static_cast<char>(fin_bit | static_cast<std::uint8_t>(op));
  out[1] = static_cast<char>(mask_bit | length);
  put_big_endian(out + 2, size, extra);
  std::memcpy(out + 2 + extra, &key, sizeof key);
  return 2 + extra + sizeof key;
}

void mask_copy(char* out, std::string_view in, std::uint32_t key) noexcept {
  const auto wide = std::uint64_t{key} << 32 | key;
  std::size_t at = 0;
  for (; at + 8 <= in.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, in.data() + at, 8);
    word ^= wide;
    std::memcpy(out + at, &word, 8);
  }
  char bytes[8];
  std::memcpy(bytes, &wide, 8);
  for (std::size_t i = 0; at < in.size(); ++at, ++i)
    out[at] = static_cast<char>(in[at] ^ bytes[i]);
}

std::uint32_t mask_keys::next() noexcept {
  state_ ^= state_ << 13;
  state_ ^= state_ >> 17;
  state_ ^= state_ << 5;
  return state_;
}

std::optional<frame_part>
frame_decoder::next(std::string_view& input) noexcept {
  if (failed_ || (!in_frame_ && !read_header(input)))
    return std::nullopt;
  if (remaining_ > 0 && input.empty())
    return std::nullopt;
  auto size = std::min<std::uint64_t>(remaining_, input.size());
  remaining_ -= size;
  in_frame_ = remaining_ > 0;
  frame_part part{op_, fin_, !in_frame_, input.substr(0, size)};
  input.remove_prefix(size);
  return part;
}

bool frame_decoder::read_header(std::string_view& input) noexcept {
  if (held_ == 0 && input.size() >= 2) {
    auto size = header_size(input[1]);
    if (input.size() >= size) {
      const auto* header = input.data();
      input.remove_prefix(size);
      return accept(header);
    }
  }
  while (!input.empty()) {
    header_[held_++] = input.front();
    input.remove_prefix(1);
    if (held_ >= 2 && held_ == header_size(header_[1])) {
      held_ = 0;
      return accept(header_.data());
    }
  }
  return false;
}

bool frame_decoder::accept(const char* header) noexcept {
  auto first = static_cast<std::uint8_t>(header[0]);
  auto second = static_cast<std::uint8_t>(header[1]);
  auto extra = length_bytes(second & 0x7f);
  op_ = static_cast<opcode>(first & 0x0f);
  fin_ = (first & fin_bit) != 0;
  remaining_ = extra ? get_big_endian(header + 2, extra) : second & 0x7f;
  failed_ = (first & reserved_bits) || (second & mask_bit)
            || remaining_ >> 63 != 0 || !is_expected(op_);
  in_frame_ = true;
  if (!is_control(op_))
    in_message_ = !fin_;
  return !failed_;
}

bool frame_decoder::is_expected(opcode op) const noexcept {
  switch (op) {
    case opcode::continuation:
      return in_message_;
    case opcode::text:
    case opcode::binary:
      return !in_message_;
    case opcode::close:
    case opcode::ping:
    case opcode::pong:
      return fin_ && remaining_ <= 125;
  }
  return false;
}

} // namespace wsrelay::bench
