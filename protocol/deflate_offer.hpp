// Which compression a client gets: the server's side of the negotiation of
// permessage-deflate (RFC 7692). The compression itself is net/ws/deflate.hpp.
#pragma once

#include "protocol/http_fields.hpp"

#include <optional>
#include <string>

namespace wsrelay {

/// What this server is willing to do. Windows are powers of two, 9 to 15: they
/// bound the memory of a stream.
struct deflate_settings {
  /// For what the server sends.
  int server_window_bits = 15;
  /// For what the client sends; a client that does not offer
  /// client_max_window_bits cannot be limited and uses up to 15.
  int client_window_bits = 15;
  /// Whether a message may refer to those before it, in both directions; costs
  /// a stream of zlib per connection and direction.
  bool context_takeover = false;
};

/// What one connection does.
struct deflate_agreement {
  /// Whether the server's (the client's) messages may refer to those before.
  bool server_takeover = false;
  bool client_takeover = false;
  /// 9 to 15: to deflate with.
  int server_window_bits = 15;
  /// 8 to 15: to inflate with.
  int client_window_bits = 15;
  /// The value of Sec-WebSocket-Extensions in the 101.
  std::string response;
};

/// Returns what follows from the first offer of permessage-deflate that is
/// valid and that the server can accept. Nothing when there is none: invalid
/// offers are declined one by one (RFC 7692 section 7.1), other extensions are
/// ignored, and lists that break the grammar of RFC 6455 section 9.1 offer
/// nothing. All fields of the name are one list. Linear in their size.
/// @pre `settings` are within their ranges.
std::optional<deflate_agreement>
agree_on_deflate(const http_fields& headers, const deflate_settings& settings);

} // namespace wsrelay
