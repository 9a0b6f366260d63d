// Which subprotocol a WebSocket speaks: RFC 6455 sections 1.9, 4.1 and 4.2.2.
#pragma once

#include "protocol/http_fields.hpp"
#include "protocol/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

inline constexpr std::string_view subprotocol_header = "Sec-WebSocket-Protocol";

/// Returns what a request offers, the client's favourite first; several fields
/// are one list. They refer to `headers`. Failures: an element that is no
/// token, or that stands twice.
result<std::vector<std::string_view>>
offered_subprotocols(const http_fields& headers);

/// Returns the first of `spoken` that was offered; "" when none was. The case
/// of letters matters.
std::string_view choose_subprotocol(std::span<const std::string> spoken,
                                    std::span<const std::string_view> offered);

} // namespace wsrelay
