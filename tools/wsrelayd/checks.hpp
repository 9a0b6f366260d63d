// What wsrelayd looks for in a configuration beyond its own rules.
#pragma once

#include "config/load.hpp"

#include <string_view>

namespace wsrelay {

/// The handler of the demo page: there where an endpoint asks for it.
inline constexpr const char* demo_handler = "demo_stage";

/// Returns whether an endpoint has `func: NAME`.
bool asks(const relay_config& config, std::string_view name);

/// As `check_files`, and warns of names that neither this program nor an entry
/// has. For `load_config`. Blocks.
more_findings check_all(const relay_config& config);

} // namespace wsrelay
