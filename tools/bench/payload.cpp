#include "tools/bench/payload.hpp"

#include "net/ws/deflate.hpp"
#include "tools/bench/frame_codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace wsrelay::bench {

namespace {

// The finalizer of splitmix64: every bit of the input changes half the output.
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

// Eight letters a-p, one for each of the low 4 bits of the bytes.
std::uint64_t to_letters(std::uint64_t value) {
  return (value & 0x0f0f0f0f0f0f0f0f) + 0x6161616161616161;
}

// The low 32 bits as nibbles, one in each byte.
std::uint64_t spread(std::uint64_t value) {
  std::uint64_t out = 0;
  for (int i = 0; i < 8; ++i)
    out |= (value >> (4 * i) & 0xf) << (8 * i);
  return out;
}

bool is_word(const char* data, std::uint64_t expected) {
  std::uint64_t value;
  std::memcpy(&value, data, 8);
  return value == expected;
}

// Returns whether `data` is what `expected` has from its byte `skip` on.
bool is_part(std::string_view data, std::uint64_t expected, std::size_t skip) {
  char bytes[8];
  std::memcpy(bytes, &expected, 8);
  return std::memcmp(bytes + skip, data.data(), data.size()) == 0;
}

} // namespace

payload::payload(std::size_t size, bool text, bool differ)
    : text_{text}, differ_{differ}, constant_(size, '\0') {
  for (std::size_t at = 0; at < size; at += 8) {
    auto value = word(0, at / 8);
    std::memcpy(&constant_[at], &value, std::min<std::size_t>(8, size - at));
  }
}

void payload::put_masked(char* out, std::uint64_t id,
                         std::uint32_t key) const noexcept {
  if (!differ_)
    return mask_copy(out, constant_, key);
  const auto wide = std::uint64_t{key} << 32 | key;
  std::size_t at = 0;
  for (; at + 8 <= size(); at += 8) {
    auto value = word(id, at / 8) ^ wide;
    std::memcpy(out + at, &value, 8);
  }
  auto value = word(id, at / 8) ^ wide;
  std::memcpy(out + at, &value, size() - at);
}

bool payload::matches(std::uint64_t id, std::uint64_t offset,
                      std::string_view data) const noexcept {
  if (offset > size() || data.size() > size() - offset)
    return false;
  if (!differ_)
    return std::memcmp(constant_.data() + offset, data.data(), data.size())
           == 0;
  while (!data.empty()) {
    auto expected = word(id, offset / 8);
    auto skip = offset % 8;
    auto count = std::min<std::size_t>(8 - skip, data.size());
    bool same = count == 8 ? is_word(data.data(), expected)
                           : is_part(data.substr(0, count), expected, skip);
    if (!same)
      return false;
    offset += count;
    data.remove_prefix(count);
  }
  return true;
}

std::uint64_t payload::word(std::uint64_t id,
                            std::uint64_t index) const noexcept {
  if (index == 0)
    return text_ ? to_letters(spread(id)) : id;
  auto value = mix((id + 1) * 0x9e3779b97f4a7c15 + index);
  return text_ ? to_letters(value) : value;
}

std::string make_json(std::size_t size) {
  std::string out = "[";
  for (std::uint64_t i = 0; out.size() + 1 < size; ++i)
    out += fmt::format(
        R"({}{{"id":{},"user":"u{:x}","text":"message {}","at":{}}})",
        i == 0 ? "" : ",", i, mix(i) >> 40, mix(i) % 1000,
        1'700'000'000 + 17 * i);
  // Whole objects hardly ever fit: the last one is a text.
  auto end = std::min(out.rfind(",{"), out.size());
  if (out.size() + 1 > size && end > 1)
    out.resize(end);
  auto spare = size > out.size() + 4 ? size - out.size() - 4 : 0;
  return out + (out.size() > 1 ? ",\"" : "\"") + std::string(spare, '-')
         + "\"]";
}

payload make_payload(const options& opts) {
  if (!opts.deflate)
    return {opts.size, opts.text, opts.verify};
  message_deflater deflater{6, 15, false};
  auto deflated = deflater.deflate(make_json(opts.size));
  return payload{std::string{deflated.view()}};
}

} // namespace wsrelay::bench
