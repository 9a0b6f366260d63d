// What must hold in a configuration, however it was made: ranges, references
// between entries, and no two entries in each other's way.
#pragma once

#include "config/load.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Returns all that is wrong; empty means usable. `where` is the entry's, the
/// path says which key. Looks whether the folders of static files and the files
/// of `tls` exist, and reads the certificates of an upstream's `ca`.
std::vector<config_issue> validate(const relay_config& config);

/// Returns what works but is hardly meant: a router that allows any origin, an
/// endpoint with `trusted_header` at a service that trusts no proxy, limits
/// that do not fit each other, keys that do nothing.
std::vector<config_issue> find_warnings(const relay_config& config);

/// Returns how an entry is called in reports: by its name, or by its kind when
/// it has none.
std::string entry_path(std::string_view kind, std::string_view name);

} // namespace wsrelay
