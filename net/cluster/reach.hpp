// What the rest of a program sees of the cluster: its loop, its broker, and who
// can be reached.
#pragma once

#include "actors/target_nodes.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

namespace wsrelay {

class loop;

/// How long a node may be silent, in CAF's configuration.
inline constexpr char connection_timeout[] = "middleman.connection-timeout";

/// How long this node is silent at most, in CAF's configuration.
inline constexpr char heartbeat_interval[] = "middleman.heartbeat-interval";

/// Returns whether the system was made with what a cluster needs.
bool is_prepared(caf::actor_system& system);

/// Returns the nodes of the cluster as connections see them.
const target_nodes& cluster_nodes() noexcept;

/// Returns the broker of a system with `loop_middleman`.
caf::actor broker_of_nodes(caf::actor_system& system);

/// Returns the loop that nodes are connected on, or null when the system was
/// made without `loop_middleman`.
loop* loop_of_nodes(caf::actor_system& system);

} // namespace wsrelay
