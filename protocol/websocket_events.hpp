// The body of WebSocket-over-HTTP, in and out: what happened on a WebSocket, or
// shall happen, as a sequence of events. What they do is for others to decide.
#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// The media type of such a body. Source: Pushpin's "WebSocket-Over-HTTP
/// Protocol", https://pushpin.org/docs/protocols/websocket-over-http/.
inline constexpr std::string_view websocket_events_type =
    "application/websocket-events";

/// One event; its texts view into the body that it was parsed from.
struct websocket_event {
  /// Open is the first of a WebSocket, close one that has a close frame,
  /// disconnect one that was lost.
  enum class kind { open, text, binary, ping, pong, close, disconnect };

  kind what = kind::open;
  std::string_view content{}; // of text, binary, ping and pong
  std::uint16_t code = 0;     // of close; 0 = none was given
  std::string_view reason{};  // of close

  bool operator==(const websocket_event&) const = default;
};

/// Parses a body, which may be empty: events are "TYPE CRLF" or "TYPE SP LENGTH
/// CRLF content CRLF", the length in 1 to 8 hexadecimal digits of any case.
/// Whatever a WebSocket could not carry is a failure: text that is not UTF-8, a
/// ping or pong of more than 125 bytes, a code or reason that may not be sent,
/// an open or a disconnect with content, an event behind a close or a
/// disconnect; and so are more than `max_events`. The failure tells the byte of
/// the body, the first being 0. Not checked: whether an open comes first.
result<std::vector<websocket_event>>
parse_websocket_events(std::string_view body, std::size_t max_events);

/// Appends one event to a body. The content of a close is empty, or its code in
/// two bytes and its reason, as in a close frame. Checks nothing.
/// @pre `content` has less than 4 GiB and is none that is a failure to parse.
void append_websocket_event(std::string& out, websocket_event::kind what,
                            std::string_view content);

} // namespace wsrelay
