// What a node wants of CAF.
#include "net/system_config.hpp"

#include "actors/messages.hpp"
#include "net/cluster/basp_multiplexer.hpp"
#include "net/cluster/reach.hpp"
#include "net/scheduler.hpp"

#include <caf/all.hpp>

namespace wsrelay {

system_config::system_config() {
  wsrelay::add_message_types(*this);
  module_factories.push_back(make_scheduler);
  // It gives the system its node id, which is a part of every PID.
  load<loop_middleman>();
  // Messages of other nodes are read on the thread that has their socket.
  set("middleman.workers", 0);
  // CAF's default, work stealing, polls: each worker wakes a hundred times a
  // second for nothing, 0.9 % of a core with four of them.
  set("scheduler.policy", caf::atom("sharing"));
}

system_config::system_config(const relay_config& config) : system_config{} {
  prepare(config);
}

void system_config::prepare(const relay_config& config) {
  auto cluster =
      config.clusters.empty() ? cluster_config{} : config.clusters.front();
  set(heartbeat_interval, caf::timespan{cluster.heartbeat_interval});
  set(connection_timeout, caf::timespan{cluster.heartbeat_timeout});
}

} // namespace wsrelay
