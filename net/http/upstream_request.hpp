// What an upstream is sent.
#pragma once

#include "actors/messages.hpp"
#include "config/config.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/problem.hpp"

#include <string>
#include <variant>

namespace wsrelay {

/// Returns the request line and the fields of an HTTP/1.1 request, up to the
/// empty line. Removed: hop-by-hop fields, Host, Expect, Proxy, and what tells
/// of proxies or of the relay (X-Forwarded-*, Forwarded, X-Real-IP,
/// X-WS-Relay*), in every spelling that `same_variable` knows. Added: the
/// upstream's Host, Content-Length, Via, X-WS-Relay-Upgrade,
/// X-WS-Relay-Connection, X-WS-Relay-Client-Certificate (`to_json`) and
/// `forwarded`. Problems: 400 for a target without a path or with a dot
/// segment, which could leave the upstream's base, 501 for CONNECT.
std::variant<std::string, problem>
to_upstream_head(const upstream_handler& upstream, const http_request& request,
                 const http_fields& forwarded);

/// Returns whether a request may be sent twice (RFC 9110 section 9.2.2).
bool is_idempotent(std::string_view method) noexcept;

} // namespace wsrelay
