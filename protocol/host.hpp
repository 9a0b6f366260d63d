// The value of a Host field: RFC 9112 section 3.2, whose grammar is that of RFC
// 3986 section 3.2.2.
#pragma once

#include "protocol/result.hpp"

#include <string_view>

namespace wsrelay {

/// Checks that `value` is "host" or "host:port". The host is a name (letters,
/// digits, "-._~!$&'()*+,;=" and escapes) or an IPv6 address in brackets; the
/// port is digits up to 65535, or nothing behind its colon. An empty value is
/// valid: it stands for a target without authority. Failures: user info, a
/// scheme or path, blanks and control characters, bytes outside of ASCII, a
/// malformed escape, a port without a host, an address with a zone (RFC 6874)
/// or of a future version.
checked check_host(std::string_view value);

/// Returns whether `text`, without brackets, is an IPv6 address: RFC 4291
/// section 2.2, no zone.
bool is_ipv6_address(std::string_view text) noexcept;

} // namespace wsrelay
