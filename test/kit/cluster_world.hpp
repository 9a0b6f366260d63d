// What the parts of a simulated cluster share.
#pragma once

#include "config/config.hpp"
#include "test/kit/test_node.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay::test {

/// How the nodes of a cluster are made; the times are those of `cluster.node`.
struct cluster_options {
  milliseconds heartbeat_interval = cluster_config{}.heartbeat_interval;
  milliseconds heartbeat_timeout = cluster_config{}.heartbeat_timeout;
  milliseconds reconnect_min = cluster_config{}.reconnect_min;
  milliseconds reconnect_max = cluster_config{}.reconnect_max;

  /// Makes the configuration of a node by its name, each time it starts: with
  /// message types of your own. Null = `test_config`.
  std::function<std::unique_ptr<test_config>(const std::string&)> config{};
};

/// @private
struct cluster_world {
  cluster_options options;
  simulated_scheduler::time_point now{};
  std::deque<std::function<void()>> posted; // without anybody's locks
  std::vector<std::string> failures;
  std::uint32_t nodes_made = 0;
};

} // namespace wsrelay::test
