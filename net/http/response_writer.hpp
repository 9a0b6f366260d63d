// Writes the heads of responses as text: framing, and the fields that belong to
// the connection and not to the answer (RFC 9110, RFC 9112).
#pragma once

#include "actors/messages.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

/// What the head must say beside the response itself.
struct response_frame {
  bool is_head = false;       // answers HEAD: no body follows
  bool keep_alive = true;     // another request may come
  bool may_be_chunked = true; // the client speaks HTTP/1.1
  /// Bytes of the body; nothing = nobody knows before its end.
  std::optional<std::uint64_t> length = 0;
};

/// How the body is to be sent behind a head.
enum class body_framing {
  none,    // no body, whatever the response holds
  length,  // as it is
  chunked, // with `chunk_head` before and `chunk_tail` behind each piece
  close,   // as it is; the end of the connection ends it
};

/// Returns how a response's body is sent: never one with HEAD, 204 and 304.
body_framing framing_of(std::uint16_t status, const response_frame& frame);

/// Returns status line and fields. The response's own Connection, Keep-Alive,
/// Transfer-Encoding and Content-Length are left out, and fields that would
/// split the message; Server and Date stand once, the response's own first.
/// `date` is for the Date field.
std::string make_response_head(const http_response& response,
                               const response_frame& frame,
                               std::string_view date);

/// Returns what comes before a piece of `size` bytes, which is not 0.
std::string chunk_head(std::size_t size);

inline constexpr std::string_view chunk_tail = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

} // namespace wsrelay
