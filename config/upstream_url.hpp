// The URL of an upstream handler.
#pragma once

#include "config/config.hpp"
#include "protocol/result.hpp"

#include <string_view>

namespace wsrelay {

/// Parses "http://host[:port][/base]" into `url`, `host` (an IPv6 address
/// without its brackets), `port` and `path` (without trailing slash). Failures:
/// https, another scheme, user info, a query or fragment, port 0.
result<upstream_handler> parse_upstream_url(std::string_view url);

} // namespace wsrelay
