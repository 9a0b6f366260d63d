// Headers byte by byte, the mask in words.
#include "protocol/frame.hpp"

#include <cstring>

namespace wsrelay {

namespace {

std::uint64_t read_big_endian(const char* bytes, std::size_t count) noexcept {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < count; ++i)
    result = result << 8 | static_cast<unsigned char>(bytes[i]);
  return result;
}

void put_big_endian(char* out, std::uint64_t value,
                    std::size_t count) noexcept {
  for (auto i = count; i > 0; value >>= 8)
    out[--i] = static_cast<char>(value & 0xff);
}

} // namespace

frame_header read_frame_header(std::string_view bytes) noexcept {
  frame_header result;
  if (bytes.size() < 2)
    return result;
  auto first = static_cast<unsigned char>(bytes[0]);
  auto second = static_cast<unsigned char>(bytes[1]);
  auto form = second & 0x7fu;
  std::size_t length_size = form < 126 ? 0 : form == 126 ? 2 : 8;
  result.masked = (second & 0x80) != 0;
  auto key_at = 2 + length_size;
  auto size = key_at + (result.masked ? result.key.size() : 0);
  if (bytes.size() < size)
    return result;
  result.size = static_cast<std::uint8_t>(size);
  result.op = static_cast<opcode>(first & 0xf);
  result.fin = (first & 0x80) != 0;
  result.deflated = (first & 0x40) != 0;
  result.reserved = (first & 0x30) != 0;
  result.length =
      length_size == 0 ? form : read_big_endian(bytes.data() + 2, length_size);
  result.minimal = plain_header_size(result.length) == key_at;
  if (result.masked)
    std::memcpy(result.key.data(), bytes.data() + key_at, result.key.size());
  return result;
}

void put_plain_length(char* out, std::uint64_t length) noexcept {
  auto size = plain_header_size(length);
  if (size == 2) {
    *out = static_cast<char>(length);
    return;
  }
  *out = static_cast<char>(size == 4 ? 126 : 127);
  put_big_endian(out + 1, length, size - 2);
}

void unmask_copy(char* out, std::string_view in, mask_key key,
                 std::uint64_t offset) noexcept {
  mask_key turned;
  for (std::size_t i = 0; i < key.size(); ++i)
    turned[i] = key[(offset + i) % key.size()];
  std::uint32_t half;
  std::memcpy(&half, turned.data(), sizeof half);
  const auto word_key = std::uint64_t{half} << 32 | half;
  const auto* data = in.data();
  std::size_t at = 0;
  for (; at + 32 <= in.size(); at += 32) { // the compiler's vectors
    std::uint64_t words[4];
    std::memcpy(words, data + at, sizeof words);
    for (auto& word : words)
      word ^= word_key;
    std::memcpy(out + at, words, sizeof words);
  }
  for (; at + 8 <= in.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, data + at, sizeof word);
    word ^= word_key;
    std::memcpy(out + at, &word, sizeof word);
  }
  for (; at < in.size(); ++at)
    out[at] = static_cast<char>(data[at] ^ turned[at % key.size()]);
}

} // namespace wsrelay
