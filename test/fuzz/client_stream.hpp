// Inputs of the targets that read frames: what a client sends, either as it
// stands in the input or as frames that the input describes, so that a change
// of a payload leaves the frames behind it whole.
#pragma once

#include "test/fuzz/input.hpp"
#include "test/protocol/client_frames.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wsrelay::fuzz {

/// What a client sends, and to whom.
struct client_stream {
  std::size_t max_message = 0;
  std::string bytes;
  std::vector<std::size_t> cuts; // where pieces end
};

/// Makes what is wrong with a frame out of one byte.
inline void damage(test::client_frame& frame, std::uint8_t how) {
  frame.reserved = how & 7;
  frame.masked = (how & 8) == 0;
  if (auto form = how >> 4 & 3; form > 0)
    frame.length_size = std::size_t{form == 1 ? 2u : 8u};
  if (auto more = how >> 6; more > 0)
    frame.length = frame.payload.size() + (more == 3 ? 1ull << 63 : more);
}

/// Returns the size of a payload that is one byte, repeated.
inline std::size_t repeated_size(std::size_t choice) {
  return choice < 251 ? (choice - 199) * 50 : 65'533 + (choice - 250);
}

/// Reads one frame: opcode and flags, what is wrong with it if a flag says so,
/// then a payload of less than 200 bytes, or one byte that is repeated.
inline test::client_frame take_frame(input& in) {
  test::client_frame frame;
  auto flags = in.byte();
  frame.op = static_cast<opcode>(flags & 15);
  frame.fin = (flags & 16) == 0;
  if ((flags & 32) == 0)
    frame.key = {};
  auto how = (flags & 64) != 0 ? in.byte() : std::uint8_t{0};
  std::size_t size = in.byte();
  if (size < 200)
    frame.payload = in.bytes(size);
  else
    frame.payload.assign(repeated_size(size), static_cast<char>(in.byte()));
  damage(frame, how);
  return frame;
}

/// Returns ascending places in a text of `size` bytes: byte by byte, or pieces
/// of random sizes.
inline std::vector<std::size_t> make_cuts(std::size_t size,
                                          std::uint8_t choice) {
  std::uint32_t most = size > 4096 ? 4096 : choice % 64u + 1;
  std::uint32_t state = choice + 1u;
  std::vector<std::size_t> cuts;
  for (std::size_t at = 0; at < size; cuts.push_back(at)) {
    state = state * 1664525u + 1013904223u;
    at += std::min<std::size_t>(size - at, 1 + (state >> 16) % most);
  }
  return cuts;
}

/// Reads the whole input.
inline client_stream make_client_stream(input in) {
  constexpr std::size_t enough = 1 << 17; // for two frames of the longest form
  constexpr std::size_t limits[] = {1,   5,      125,    126,
                                    200, 65'535, 65'536, 1 << 20};
  client_stream out;
  auto choice = in.byte();
  auto pieces = in.byte();
  out.max_message = limits[choice & 7];
  if ((choice & 8) != 0)
    out.bytes = in.rest();
  else
    while (!in.empty() && out.bytes.size() < enough)
      out.bytes += to_bytes(take_frame(in));
  out.cuts = make_cuts(out.bytes.size(), pieces);
  return out;
}

} // namespace wsrelay::fuzz
