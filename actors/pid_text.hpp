// PIDs as text: how an actor is written down, and found again.
#pragma once

#include <caf/actor.hpp>
#include <caf/node_id.hpp>

#include <string>

namespace wsrelay {

/// Returns the PID of an actor as CAF prints it. Cheap: a node's text is made
/// once per thread. Any thread.
std::string pid_text(caf::actor_id id, const caf::node_id& node);

/// Returns the PID of an actor as text and makes it resolvable: CAF's registry
/// keeps the actor alive until it ends by itself. Any thread.
std::string publish_pid(const caf::actor& who);

} // namespace wsrelay
