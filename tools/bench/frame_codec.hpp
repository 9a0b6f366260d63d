// RFC 6455 frames from the client's side: writes masked frames, reads the
// server's. Streams: a payload is handed on in the pieces it arrives in.
#pragma once

#include "protocol/frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wsrelay::bench {

/// Writes the header of a final, masked frame to `out` and returns its size.
/// `out` has room for `max_masked_header` bytes.
std::size_t put_header(char* out, opcode op, std::uint64_t size,
                       std::uint32_t key) noexcept;

/// Copies `in` to `out`, XORed with `key` as `put_header` wrote it.
void mask_copy(char* out, std::string_view in, std::uint32_t key) noexcept;

/// A cheap source of mask keys (xorshift32). Not for security: RFC 6455
/// section 10.3 protects proxies, and there are none in a benchmark.
class mask_keys {
public:
  std::uint32_t next() noexcept;

private:
  std::uint32_t state_ = 0x9e3779b9;
};

/// A piece of one frame: all of the payload, or what has arrived of it.
struct frame_part {
  opcode op{};
  bool fin = false;
  /// Whether `data` ends the frame.
  bool last = false;
  std::string_view data;
};

/// Takes a server's byte stream apart. Accepts what RFC 6455 allows a server
/// without extensions, anything else is a failure.
class frame_decoder {
public:
  /// Removes the next piece from the front of `input`; its data points into
  /// what `input` pointed to. Nothing: more bytes are needed, or `failed()`.
  std::optional<frame_part> next(std::string_view& input) noexcept;

  /// Returns whether the stream broke the protocol; final.
  bool failed() const noexcept { return failed_; }

private:
  bool read_header(std::string_view& input) noexcept;
  bool accept(const char* header) noexcept;
  bool is_expected(opcode op) const noexcept;

  std::array<char, max_masked_header> header_{};
  std::uint8_t held_ = 0;
  opcode op_{};
  bool fin_ = false;
  bool in_frame_ = false;
  bool in_message_ = false;
  bool failed_ = false;
  std::uint64_t remaining_ = 0;
};

} // namespace wsrelay::bench
