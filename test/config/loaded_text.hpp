// Loads configurations for tests and prints what was found.
#pragma once

#include "config/load.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay::test {

/// The issues, one per line.
inline std::string lines(const std::vector<config_issue>& issues) {
  std::string out;
  for (const auto& issue : issues)
    out += (out.empty() ? "" : "\n") + to_text(issue);
  return out;
}

/// The errors of `yaml` as the file "relay.yaml".
inline std::string errors(std::string_view yaml) {
  return lines(load_config(yaml, "relay.yaml").errors);
}

/// The configuration in `yaml`, which has no error, or an empty one.
inline relay_config config(std::string_view yaml) {
  auto loaded = load_config(yaml, "relay.yaml");
  return loaded.errors.empty() ? std::move(loaded.config) : relay_config{};
}

} // namespace wsrelay::test
