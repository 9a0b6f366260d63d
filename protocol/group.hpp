// The names of groups of connections.
#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

inline constexpr std::size_t max_group_name = 128; // bytes

/// Groups that one connection may be in, and that one text may name.
inline constexpr std::size_t max_groups = 64;

/// Checks a name: 1 to `max_group_name` letters and digits of ASCII and any of
/// "-._~:@+=". It stands in URLs and header fields as it is.
checked check_group(std::string_view name);

/// Checks names: each as above, at most `max_groups`.
checked check_groups(const std::vector<std::string>& names);

/// Reads a header field's list: "room-7, user-17". Empty elements do not count
/// (RFC 9110 section 5.6.1.2). Failure: as `check_groups`.
result<std::vector<std::string>> parse_groups(std::string_view list);

} // namespace wsrelay
