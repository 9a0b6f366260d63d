// The actors of a program that nobody ends, and a process that does not end
// for them.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <chrono>
#include <cstddef>
#include <vector>

namespace wsrelay {

/// Returns the actors that the system waits for at its end although nobody may
/// be left who could end them: CAF's registry keeps whoever another node has
/// got a handle of. Any thread.
std::vector<caf::actor> kept_actors(caf::actor_system& system);

/// Ends these with `user_shutdown`, and what they spawn and hand out meanwhile.
/// Each one first does what it has been sent before. Returns how many are left
/// at `deadline`.
std::size_t end_kept_actors(caf::actor_system& system,
                            std::chrono::steady_clock::time_point deadline);

/// Ends the actors of this node that its directory has a name for, with
/// `user_shutdown`. Each one first does what it has been sent before.
void end_named_actors(caf::actor_system& system, const caf::actor& directory);

/// Ends the process at `deadline`, with exit status 0 and a line in the log,
/// unless it has ended by then: for actors that do not, CAF's actor system
/// waits for ever. Returns at once.
void end_process_at(std::chrono::steady_clock::time_point deadline);

} // namespace wsrelay
