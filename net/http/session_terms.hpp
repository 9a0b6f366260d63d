// What a client and its route agree on for a WebSocket: the subprotocol, and
// how long it may last.
#pragma once

#include "config/config.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/problem.hpp"
#include "protocol/relay_command.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace wsrelay {

struct session_terms {
  std::string subprotocol;                 // "" = none
  std::chrono::milliseconds expires_at{0}; // Unix time, 0 = never
};

/// Returns what stands against the subprotocols that a request offers: 400 for
/// what is no list of tokens, and where the route requires one of its own.
std::optional<problem> check_offers(const endpoint_config& route,
                                    const http_fields& headers);

/// Returns what follows from a command that is valid. `answered` is the
/// handler's Sec-WebSocket-Protocol, "" without; the command's own choice and
/// that one come before the route's. Problems: `blame` for a choice that the
/// client has not offered, for two of them, and for a missing `expires_at`
/// that the router requires; 403, "expiry", for one that is over at `now`.
std::variant<session_terms, problem>
agree_on_terms(const relay_command& command, std::string_view answered,
               const endpoint_config& route, const expiry_options& expiry,
               const http_fields& headers, unsigned blame,
               std::chrono::milliseconds now);

/// Returns what a client has to be answered for its browser to open the socket
/// and see its close: the route's choice, or its own first one; "" for none.
std::string subprotocol_of_refusal(const endpoint_config& route,
                                   const http_fields& headers);

} // namespace wsrelay
