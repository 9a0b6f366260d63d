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

} // namespace wsrelay
