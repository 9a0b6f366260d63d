// Where a key belongs that stands in the wrong place.
#pragma once

#include "config/yaml_reader.hpp"

#include <string>
#include <string_view>

namespace wsrelay {

/// Returns "write PARENT: {KEY: VALUE}".
std::string write_in(std::string_view parent, std::string_view key,
                     const YAML::Node& value);

/// A `key_hint` for the keys of an entry: an option belongs into
/// `post_options`, a field of a command into `relay`.
std::string hint_for_entry(std::string_view key, const YAML::Node& value,
                           const word_set& known);

/// A `key_hint` for `post_options`, whose keys are flat:
/// "wsrelay.allowed.origins".
std::string hint_for_option(std::string_view key, const YAML::Node& value,
                            const word_set& known);

} // namespace wsrelay
