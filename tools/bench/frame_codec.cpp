#include "tools/bench/frame_codec.hpp"

#include <algorithm>
#include <cstring>

namespace wsrelay::bench {

namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x30;
constexpr std::uint8_t mask_bit = 0x80;

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
  auto plain_size = plain_header_size(size);
  out[0] = first_byte(op);
  put_plain_length(out + 1, size);
  out[1] = static_cast<char>(out[1] | mask_bit);
  std::memcpy(out + plain_size, &key, sizeof key);
  return plain_size + sizeof key;
}

void mask_copy(char* out, std::string_view in, std::uint32_t key) noexcept {
  mask_key bytes;
  std::memcpy(bytes.data(), &key, sizeof key);
  unmask_copy(out, in, bytes, 0); // the same both ways
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
  // A message that is compressed, where that was offered, counts as it is.
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
    default:
      return false;
  }
}

} // namespace wsrelay::bench
