// Frames of messages by their place in one, and the outcome of their bytes.
#pragma once

#include "test/protocol/client_frames.hpp"

#include <doctest/doctest.h>

namespace wsrelay::test {

/// More than any message here.
inline constexpr std::size_t no_limit = 1 << 30;

/// The first frame of several.
inline std::string first(opcode op, std::string payload) {
  return to_bytes({.op = op, .payload = std::move(payload), .fin = false});
}

/// A frame between the first and the last.
inline std::string middle(std::string payload) {
  return first(opcode::continuation, std::move(payload));
}

/// A message in one frame.
inline std::string whole(opcode op, std::string payload) {
  return to_bytes({.op = op, .payload = std::move(payload)});
}

/// The last frame of several.
inline std::string last(std::string payload) {
  return whole(opcode::continuation, std::move(payload));
}

/// A close frame with this code.
inline std::string closing(std::uint16_t code, std::string reason = "") {
  std::string payload;
  payload += static_cast<char>(code >> 8);
  payload += static_cast<char>(code & 0xff);
  return whole(opcode::close, payload + reason);
}

/// The events of `bytes`, which are the same in whatever pieces they come.
inline std::string outcome(std::string_view bytes,
                           std::size_t max_message = no_limit) {
  auto expected = joined(events_of(bytes, max_message));
  std::vector<std::size_t> all;
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    all.push_back(at);
    CAPTURE(at);
    CHECK(joined(events_of(bytes, max_message, {at})) == expected);
  }
  CHECK(joined(events_of(bytes, max_message, all)) == expected);
  return expected;
}

/// As `outcome`, for what is too long to be tried in every piece.
inline std::string outcome_whole(std::string_view bytes,
                                 std::size_t max_message = no_limit) {
  return joined(events_of(bytes, max_message));
}

} // namespace wsrelay::test
