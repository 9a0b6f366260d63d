// The actors that a node does nothing without.
#pragma once

#include <caf/actor_cast.hpp>

namespace wsrelay {

/// Returns whether an actor is a directory, an acceptor, a peer, the groups or
/// a backend's session of this node. By the type of the object: its own thread
/// may be using it. Any thread.
bool is_own_actor(const caf::abstract_actor& who) noexcept;

/// The same for what holds an actor.
template <class Handle>
bool is_own(const Handle& who) noexcept {
  return is_own_actor(*caf::actor_cast<caf::abstract_actor*>(who));
}

/// Returns whether an actor is a connection of this node, or will be one, in
/// the same way.
bool is_connection(const caf::abstract_actor& who) noexcept;

} // namespace wsrelay
