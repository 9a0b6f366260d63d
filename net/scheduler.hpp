// CAF's scheduler, with a clock that sleeps until it has something to do.
#pragma once

#include <caf/actor_system.hpp>

namespace wsrelay {

/// One of a configuration's `module_factories`. CAF's own scheduler wakes its
/// clock's thread at the end of each actor, to forget timeouts that most never
/// had. The policy is that of `scheduler.policy`.
caf::actor_system::module* make_scheduler(caf::actor_system& system);

} // namespace wsrelay
