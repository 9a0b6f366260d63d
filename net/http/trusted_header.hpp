// The relay command in a request's own header: who may send it, and whether its
// signature holds.
#pragma once

#include "actors/messages.hpp"
#include "config/config.hpp"
#include "net/http/service.hpp"
#include "protocol/problem.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace wsrelay {

/// Farthest expiry that is accepted, in seconds from now: bounds how long a
/// nonce has to be remembered.
inline constexpr std::int64_t max_signature_life = 300;

/// Returns the HMAC-SHA256 of `text` as 64 lower-case hexadecimal digits.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// Returns the command's text, or the problem that stands against it: the
/// sender's address is not in `trusted_proxies`, no header, or, where a secret
/// is configured, a signature that is missing, malformed, wrong, expired or
/// used before, or as many valid ones as `nonce_capacity` lets. `handler` is
/// one of the configuration's, `now` in seconds since the Unix epoch.
std::variant<std::string, problem>
read_trusted_header(service& owner, const trusted_header_handler& handler,
                    const http_request& request, std::string_view peer_address,
                    std::int64_t now);

} // namespace wsrelay
