// What depends on the version of CAF; the only file that tests for it.
#pragma once

#include <caf/abstract_actor.hpp>
#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/config.hpp>

#if CAF_VERSION < 1706 || CAF_VERSION >= 1800
#error "wsrelay needs CAF 0.17.6"
#endif

namespace wsrelay {

/// Returns whether the actor has not ended yet, as far as this node knows. Any
/// thread; the answer can be outdated when it arrives.
inline bool is_alive(const caf::actor& who) {
  auto* ptr = caf::actor_cast<caf::abstract_actor*>(who);
  return ptr != nullptr && !ptr->getf(caf::abstract_actor::is_terminated_flag);
}

/// Returns whether two handles, which are equal when they are of one actor, are
/// of one object, too. An actor of a node that was lost and found again has two
/// for a while.
template <class Handle, class Other>
bool is_same_object(const Handle& one, const Other& two) {
  return caf::actor_cast<caf::actor_control_block*>(one)
         == caf::actor_cast<caf::actor_control_block*>(two);
}

} // namespace wsrelay
