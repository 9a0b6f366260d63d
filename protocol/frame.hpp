// Frames of RFC 6455 section 5.2: their header, read and written, and the mask.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wsrelay {

/// RFC 6455 section 5.2. The other eleven values are reserved.
enum class opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xa,
  // To send: with the bit that says so, RSV1 (RFC 7692 section 7.2.1).
  deflated_text = 0x41,
  deflated_binary = 0x42,
};

/// Returns whether `op` is a control frame's (RFC 6455 section 5.5).
constexpr bool is_control(opcode op) noexcept {
  return (static_cast<std::uint8_t>(op) & 0x8) != 0;
}

/// Bytes of the longest payload of a control frame (RFC 6455 section 5.5).
inline constexpr std::size_t max_control_payload = 125;

/// Bytes of the longest header with a mask key, and without one.
inline constexpr std::size_t max_masked_header = 14;
inline constexpr std::size_t max_plain_header = 10;

using mask_key = std::array<char, 4>;

/// A header, as it came: nothing in it is checked.
struct frame_header {
  std::uint8_t size = 0; // bytes of the header itself
  opcode op{};
  bool fin = false;
  bool deflated = false; // RSV1 is set (RFC 7692 section 6)
  bool reserved = false; // one of the other two reserved bits is
  bool masked = false;
  bool minimal = true; // the length has its shortest form
  mask_key key{};
  std::uint64_t length = 0; // of the payload
};

/// Reads a header from the front of `bytes`. Its size is 0 when there are not
/// yet enough of them.
frame_header read_frame_header(std::string_view bytes) noexcept;

/// Returns the size of the header of an unmasked frame, 2, 4 or 10 bytes.
constexpr std::size_t plain_header_size(std::uint64_t length) noexcept {
  return length < 126 ? 2 : length <= 0xffff ? 4 : 10;
}

/// Returns the first byte of an unfragmented frame.
constexpr char first_byte(opcode op) noexcept {
  return static_cast<char>(0x80 | static_cast<std::uint8_t>(op));
}

/// Writes what follows the first byte of an unmasked frame's header:
/// `plain_header_size(length) - 1` bytes.
void put_plain_length(char* out, std::uint64_t length) noexcept;

/// Copies `in` to `out`, XORed with `key`; the first byte of `in` stands at
/// `offset` of its frame's payload.
void unmask_copy(char* out, std::string_view in, mask_key key,
                 std::uint64_t offset) noexcept;

} // namespace wsrelay
