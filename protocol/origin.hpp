// Decides whether a page of some origin may open a WebSocket here. The one
// place where that is decided; RFC 6454 defines what an origin is.
#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// An origin: scheme and host in lower case, the port always explicit (the
/// scheme's default when the text has none). Schemes: http and https. A name
/// with the dot of DNS's root at its end is the name without it.
struct origin {
  std::string scheme;
  std::string host; // an IPv6 address keeps its brackets
  std::uint16_t port = 0;

  bool operator==(const origin&) const = default;
};

/// Parses the serialised form, "https://app.example.com:8443". A path, user
/// info, an unknown scheme, port 0 and "null" are failures.
result<origin> parse_origin(std::string_view text);

/// Which origins a pattern allows: one origin, where a `*` stands for exactly
/// one label of the host ("https://*.example.com"), or any ("*").
struct origin_pattern {
  bool any = false;
  origin value; // the host may hold labels "*"
};

/// Parses one pattern. A host that is nothing but "*" labels is a failure, so
/// is a "*" that is only a part of a label, and a path, if only "/".
result<origin_pattern> parse_origin_pattern(std::string_view text);

/// Prints the pattern so that `parse_origin_pattern` reads it again; a default
/// port is left out.
std::string to_text(const origin_pattern& pattern);

/// What a route says about origins. No pattern means: same origin only.
struct origin_policy {
  std::vector<origin_pattern> allowed;
  bool require_origin = false; // refuse a request without an Origin header
};

/// Checks the `Origin` header of a request (absent: not a browser) against the
/// policy. `self` is the origin the request came to: the scheme of the socket
/// and its Host header; none when that header is missing or malformed.
checked check_origin(const origin_policy& policy,
                     std::optional<std::string_view> header,
                     const std::optional<origin>& self);

/// Returns the origin a request came to from its scheme ("http" or "https")
/// and its Host header, or nothing when the header is malformed.
std::optional<origin> self_origin(std::string_view scheme,
                                  std::string_view host_header);

} // namespace wsrelay
