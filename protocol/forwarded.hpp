// The Forwarded field: RFC 7239 section 4. Whose word counts, and what an
// address is, is decided elsewhere (config/client_view.hpp).
#pragma once

#include "protocol/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// What one proxy said about the request that it got. Values are unquoted and
/// otherwise as they came; other parameters are left out.
struct forwarded_element {
  std::optional<std::string> node; // "for"
  std::optional<std::string> scheme;
  std::optional<std::string> host;

  bool operator==(const forwarded_element&) const = default;
};

/// Parses the value of one field, in linear time: elements between commas, the
/// proxy that is nearest last. More lenient than the RFC where proxies are:
/// blanks around ";", and ":", "[" and "]" without quotes. Failures: a
/// parameter of the above that stands twice in an element, an open quote,
/// anything that is no name=value, control characters.
result<std::vector<forwarded_element>> parse_forwarded(std::string_view value);

/// Prints an element; what is absent is left out. A value is quoted when it is
/// no token, and has no control characters.
std::string to_text(const forwarded_element& element);

} // namespace wsrelay
