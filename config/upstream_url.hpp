// The URL of an upstream handler.
#pragma once

#include "config/config.hpp"
#include "protocol/result.hpp"

#include <string_view>

namespace wsrelay {

/// Parses "http://host[:port][/base]", or the same with "https", into `url`,
/// `tls`, `host` (an IPv6 address without its brackets), `port` (80 or 443 when
/// the text has none) and `path` (without trailing slash). Failures: another
/// scheme, user info, a query or fragment, dot segments, port 0.
result<upstream_handler> parse_upstream_url(std::string_view url);

} // namespace wsrelay
