// Durations as people write them in configuration and in the relay command:
// Go's notation, "30s", "1m30s", "500ms", "1.5h".
#pragma once

#include "protocol/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace wsrelay {

/// The longest duration that is accepted; more is a mistake, not a wish.
inline constexpr std::chrono::hours max_duration{24 * 365};

/// Parses `text`: a sequence of decimal numbers, each with one of the units ms,
/// s, m, h. Zero, a sign, a missing or unknown unit, a resolution below one
/// millisecond and more than `max_duration` are failures.
result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Prints `value` so that `parse_duration` reads the same value: "1m30s".
/// @pre `value` > 0
std::string to_text(std::chrono::milliseconds value);

} // namespace wsrelay
