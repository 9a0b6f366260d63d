// Who this node is to the others.
#pragma once

#include <caf/actor_system.hpp>

namespace wsrelay {

/// Gives a system a node id that no other has and that none had before: the
/// process id and 20 random bytes. CAF 0.17.6 makes its own of the network
/// cards' addresses and the process id. Two containers have both in common, so
/// that they take each other for themselves, and a container that is started
/// again has the id, and in time the PIDs, of what it was before. Before actors
/// are made.
void take_new_node_id(caf::actor_system& system);

} // namespace wsrelay
