// JSON checks on hostile text; RapidJSON does the parsing.
#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace wsrelay {

/// Deepest nesting that is accepted; bounds the stack and the receiver's work.
inline constexpr std::size_t max_json_depth = 64;

/// Checks that `text` is one JSON value of valid UTF-8, at most
/// `max_json_depth` levels deep. Needs no memory in proportion to the text
/// beyond the nesting. What is JSON and yet a failure: an escaped surrogate
/// without its other half, a number that no double can hold ("1e400").
checked check_json(std::string_view text);

/// As `check_json`, and the value is an object.
checked check_json_object(std::string_view text);

/// As `check_json_object`; returns the object without insignificant spaces.
/// Members keep their order and numbers their digits; a string keeps its
/// characters, but may spell them with fewer escapes.
result<std::string> compact_json_object(std::string_view text);

/// Returns `text` as a JSON string with its quotes. `text` is UTF-8; an invalid
/// byte becomes U+FFFD.
std::string json_string(std::string_view text);

/// Appends that.
void append_json_string(std::string& out, std::string_view text);

} // namespace wsrelay
