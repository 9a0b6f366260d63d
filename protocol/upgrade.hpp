// Whether an HTTP request asks for a WebSocket: RFC 6455 section 4.2.1.
#pragma once

#include "protocol/http_fields.hpp"
#include "protocol/problem.hpp"

#include <optional>
#include <string_view>

namespace wsrelay {

/// Returns whether the header asks for a WebSocket: "websocket" in Upgrade and
/// "upgrade" in Connection, whatever the method.
bool is_websocket(const http_fields& headers) noexcept;

/// Returns whether a request is meant to become a WebSocket: a GET for which
/// `is_websocket` holds. Whether it may, `check_upgrade` says.
bool asks_upgrade(std::string_view method, const http_fields& headers) noexcept;

/// Returns what stands against an upgrade, or nothing. Statuses: 426 for a
/// request that does not ask for one or asks for a version other than 13, 400
/// for several versions and for a key that is missing, repeated or not 16 bytes
/// in base64.
std::optional<problem> check_upgrade(std::string_view method,
                                     const http_fields& headers);

} // namespace wsrelay
