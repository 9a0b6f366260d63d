// What passes through one connection, as events for whoever watches it.
#pragma once

#include "net/admin/event_source.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <memory>
#include <string>

namespace wsrelay {

/// Spawns who watches the connection of this PID, which `directory` finds, and
/// pushes `in`, `out`, `transferred` and `ended` to the queue, with the
/// messages' data where `payload`; `failed` where that cannot be. Ends with the
/// connection, and by `exit_reason::user_shutdown`; then the queue ends.
caf::actor spawn_traffic_feed(caf::actor_system& system,
                              const caf::actor& directory, std::string pid,
                              std::shared_ptr<event_queue> queue, bool payload);

} // namespace wsrelay
