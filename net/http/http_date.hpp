// Dates of HTTP (RFC 9110 section 5.6.7) as seconds since 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

/// Returns "Sun, 06 Nov 1994 08:49:37 GMT". Years 0 to 9999; what is outside is
/// moved to the nearest of them.
std::string to_http_date(std::int64_t seconds);

/// Reads any of the three forms; nothing when `text` is none of them or no such
/// date exists. The weekday is not compared with the date. A year of two digits
/// lies at most 50 years after `now`.
std::optional<std::int64_t> parse_http_date(std::string_view text,
                                            std::int64_t now) noexcept;

} // namespace wsrelay
