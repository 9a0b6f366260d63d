// JSON compared as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wsrelay::test {

/// Returns in what two JSON texts differ, one line for each place: "  $.a[1]:
/// expected 1, got 2", at most ten. Nothing when they are the same value: the
/// order of keys does not matter, nor how a number or a string is spelled.
/// Integers are compared exactly from -2^63 to 2^64 - 1, other numbers as
/// doubles. A text that is no JSON is a difference, too.
std::optional<std::string> json_difference(std::string_view expected,
                                           std::string_view got);

} // namespace wsrelay::test
