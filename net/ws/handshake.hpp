// The server's side of the opening handshake: RFC 6455 section 4.2.2.
#pragma once

#include "protocol/http_fields.hpp"

#include <string>
#include <string_view>

namespace wsrelay {

/// Returns the value of Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string accept_key(std::string_view key);

/// Returns the response 101 with the given fields beside its own.
std::string make_switching_protocols(std::string_view key,
                                     const http_fields& headers);

} // namespace wsrelay
