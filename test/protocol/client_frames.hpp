// Frames as a client sends them, also those that no client may send, and what a
// message_reader makes of them.
#pragma once

#include "protocol/message_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::test {

/// A frame and what may be wrong with it.
struct client_frame {
  opcode op{};
  std::string payload;
  bool fin = true;
  unsigned reserved = 0; // the three bits, 0 to 7
  bool masked = true;
  /// Bytes behind the second one that hold the length: 0, 2 or 8.
  std::optional<std::size_t> length_size; // none = the shortest form
  std::optional<std::uint64_t> length;    // announced; none = the payload's
  mask_key key{'\x37', '\xfa', '\x21', '\x3d'};
};

/// Returns the frame on the wire.
inline std::string to_bytes(const client_frame& frame) {
  auto length = frame.length.value_or(frame.payload.size());
  auto length_size =
      frame.length_size.value_or(plain_header_size(length) - std::size_t{2});
  auto form = length_size == 0 ? length : length_size == 2 ? 126 : 127;
  std::string out;
  out += static_cast<char>((frame.fin ? 0x80 : 0) | frame.reserved << 4
                           | static_cast<unsigned>(frame.op));
  out += static_cast<char>((frame.masked ? 0x80 : 0) | form);
  for (auto at = length_size; at > 0; --at)
    out += static_cast<char>(length >> 8 * (at - 1) & 0xff);
  if (!frame.masked)
    return out + frame.payload;
  out.append(frame.key.data(), frame.key.size());
  for (std::size_t i = 0; i < frame.payload.size(); ++i)
    out += static_cast<char>(frame.payload[i] ^ frame.key[i % 4]);
  return out;
}

/// Returns the event and its payload as text: "text hi", "close 1000 bye",
/// "failed 1002".
inline std::string to_text(message_reader::event what, message_reader& reader) {
  using event = message_reader::event;
  if (what == event::failed)
    return "failed " + std::to_string(static_cast<unsigned>(reader.error()));
  auto is_text = reader.is_text();
  auto taken = reader.take();
  std::string payload{taken.view()};
  switch (what) {
    case event::message:
      return (is_text ? "text " : "binary ") + payload;
    case event::ping:
      return "ping " + payload;
    case event::pong:
      return "pong " + payload;
    default:
      auto code = static_cast<unsigned>(close_frame_code(payload));
      return "close " + std::to_string(code) + " "
             + payload.substr(std::min<std::size_t>(2, payload.size()));
  }
}

/// Adds the events of `bytes`; a failure is the last one.
inline void read_events(message_reader& reader, std::string_view bytes,
                        std::vector<std::string>& to) {
  using event = message_reader::event;
  while (to.empty() || !to.back().starts_with("failed")) {
    auto what = reader.next(bytes);
    if (what == event::none)
      return;
    to.push_back(to_text(what, reader));
  }
}

/// Returns the events of `bytes`, which come in pieces that end at `cuts`
/// (ascending), and "inside" as the last one when a frame or a message is
/// incomplete.
inline std::vector<std::string>
events_of(std::string_view bytes, std::size_t max_message,
          const std::vector<std::size_t>& cuts = {}) {
  message_reader reader{max_message};
  std::vector<std::string> events;
  std::size_t at = 0;
  for (auto cut : cuts) {
    // A copy of its own size, so that AddressSanitizer sees its end.
    std::vector<char> piece(bytes.begin() + at, bytes.begin() + cut);
    read_events(reader, {piece.data(), piece.size()}, events);
    at = cut;
  }
  read_events(reader, bytes.substr(at), events);
  if (reader.error() == close_code{} && reader.is_inside())
    events.push_back("inside");
  return events;
}

/// Returns the events in one line.
inline std::string joined(const std::vector<std::string>& events) {
  std::string out;
  for (const auto& event : events)
    out += (out.empty() ? "" : ", ") + event;
  return out;
}

} // namespace wsrelay::test
