// YAML text as nodes, within bounds.
#pragma once

#include "config/findings.hpp"

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace wsrelay {

/// Bytes of a configuration.
inline constexpr std::size_t max_config_size = 4 * 1024 * 1024;

/// Levels of lists and maps in each other.
inline constexpr int max_config_depth = 64;

/// Parses `text` as one YAML document. Failures, recorded in `log`: text over
/// `max_config_size`, bad syntax, more than one document, too many levels, and
/// aliases that multiply to more than twice the largest file.
std::optional<YAML::Node> parse_yaml(std::string_view text, findings& log);

/// Returns the line of `node`, counted from 1; 0 = unknown.
int line_of(const YAML::Node& node);

/// Returns "text", "a list", "a map" or "null".
std::string_view type_text(const YAML::Node& node);

} // namespace wsrelay
