// Names of actors for which nobody can come.
#pragma once

#include "config/load.hpp"

#include <string_view>
#include <vector>

namespace wsrelay {

/// Returns a warning for each endpoint whose `func` or `relay.target_pid` is a
/// name, without "@", that neither a program with the targets `own` nor an
/// entry of `config` has: no http.target, and there is no backend.service and
/// no cluster.node that meets others. A "{param}" stands for any text.
std::vector<config_issue>
find_missing_names(const relay_config& config,
                   const std::vector<std::string_view>& own);

} // namespace wsrelay
