// Numbers and sizes as the configuration writes them: "65536", "64KiB".
#pragma once

#include "config/fields.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay {

/// Parses a whole number in `range`, "64KiB", "1MiB" or "2GiB" as well when it
/// counts bytes. The failure says what is wanted and what was there.
result<std::uint64_t> parse_number(std::string_view text, number_range range);

/// Checks `value`; the failure is that of `parse_number`.
checked check_number(std::uint64_t value, number_range range);

} // namespace wsrelay
