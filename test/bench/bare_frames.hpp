// WebSocket for yardsticks: whole, masked frames, checked and answered, and the
// handshake. No fragments, no UTF-8.
#pragma once

#include "net/ws/handshake.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace wsrelay::bench {

constexpr std::size_t max_bare_message = 16 << 20;

struct bare_frame {
  std::uint8_t opcode;
  std::size_t head; // bytes, with the mask
  std::size_t payload;

  std::size_t size() const { return head + payload; }
};

enum class found { frame, part, offence };

inline std::uint64_t big_endian(const char* from, int count) {
  std::uint64_t result = 0;
  for (int i = 0; i < count; ++i)
    result = result << 8 | static_cast<std::uint8_t>(from[i]);
  return result;
}

/// A whole, masked frame at the front (RFC 6455 section 5.2).
inline found parse(std::string_view bytes, bare_frame& into) {
  if (bytes.size() < 2)
    return found::part;
  auto first = static_cast<std::uint8_t>(bytes[0]);
  auto second = static_cast<std::uint8_t>(bytes[1]);
  auto opcode = static_cast<std::uint8_t>(first & 0x0f);
  auto known = opcode == 1 || opcode == 2 || (opcode >= 8 && opcode <= 10);
  if ((first & 0xf0) != 0x80 || (second & 0x80) == 0 || !known)
    return found::offence;
  auto length = second & 0x7f;
  auto extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  into = {opcode, static_cast<std::size_t>(2 + extra + 4), 0};
  if (bytes.size() < into.head)
    return found::part;
  auto size = extra == 0 ? static_cast<std::uint64_t>(length)
                         : big_endian(bytes.data() + 2, extra);
  if (size > max_bare_message || (opcode >= 8 && size > 125))
    return found::offence;
  into.payload = static_cast<std::size_t>(size);
  return bytes.size() < into.size() ? found::part : found::frame;
}

inline void append_head(std::string& to, std::uint8_t opcode,
                        std::size_t size) {
  to += static_cast<char>(0x80 | opcode);
  auto extra = size < 126 ? 0 : size < 65536 ? 2 : 8;
  to += static_cast<char>(extra == 0 ? size : extra == 2 ? 126 : 127);
  for (int i = extra - 1; i >= 0; --i)
    to += static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * i));
}

inline void append_unmasked(std::string& to, const char* mask,
                            std::string_view from) {
  auto at = to.size();
  to.append(from);
  std::uint32_t half;
  std::memcpy(&half, mask, sizeof half);
  auto key = static_cast<std::uint64_t>(half) << 32 | half;
  std::size_t i = 0;
  for (std::uint64_t word; i + sizeof word <= from.size(); i += sizeof word) {
    std::memcpy(&word, &to[at + i], sizeof word);
    word ^= key;
    std::memcpy(&to[at + i], &word, sizeof word);
  }
  for (; i < from.size(); ++i)
    to[at + i] = static_cast<char>(to[at + i] ^ mask[i % 4]);
}

/// Hands each whole frame in `bytes` to `use`, with its payload as it came and
/// the mask. Returns how many bytes were used; -1 at an offence, and when `use`
/// returns false.
template <class Function>
long each_frame(std::string_view bytes, Function&& use) {
  std::size_t used = 0;
  bare_frame next;
  for (;;) {
    auto rest = bytes.substr(used);
    auto what = parse(rest, next);
    if (what == found::offence)
      return -1;
    if (what == found::part)
      return static_cast<long>(used);
    used += next.size();
    if (!use(next, rest.data() + next.head - 4,
             rest.substr(next.head, next.payload)))
      return -1;
  }
}

/// Appends the answer to a request for a WebSocket. Returns how many bytes were
/// used; -1 when it is none.
inline long answer_request(std::string_view bytes, std::string& out) {
  constexpr std::string_view field = "Sec-WebSocket-Key: ";
  auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos)
    return 0;
  auto at = bytes.find(field);
  if (at == bytes.npos)
    return -1;
  auto key = bytes.substr(at + field.size());
  key = key.substr(0, key.find('\r'));
  out += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
         "Connection: Upgrade\r\nSec-WebSocket-Accept: "
         + accept_key(key) + "\r\n\r\n";
  return static_cast<long>(end + 4);
}

} // namespace wsrelay::bench
