// What differs between two configurations, and what of it needs a restart.
#pragma once

#include "config/config.hpp"

#include <string>
#include <vector>

namespace wsrelay {

/// What a reload does, in words: "http.endpoint chat: changed".
struct config_changes {
  std::vector<std::string> changed;
  std::vector<std::string> kept; // "gateway.addr: needs a restart"
};

/// Returns what is different in `next`, and puts back there what cannot change
/// while a node runs: where it listens, its threads, TLS or not, the cluster.
config_changes take_changes(const relay_config& now, relay_config& next);

} // namespace wsrelay
