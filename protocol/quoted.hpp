// Quoted strings in header fields: RFC 9110 section 5.6.4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

/// Removes a quoted string from the front of `rest`, which begins with its
/// quote, and returns what it says. Nothing when it stays open; then `rest` is
/// as it was.
inline std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string value;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    if (rest[i] == '\\' && ++i == rest.size())
      break;
    value += rest[i];
  }
  return std::nullopt;
}

} // namespace wsrelay
