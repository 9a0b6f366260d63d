// The leave of a connection that sends none: its node was lost, or it was
// killed.
#pragma once

#include "actors/messages.hpp"

#include <caf/error.hpp>

namespace wsrelay {

/// Returns it, by the reason that a monitor of the connection tells: what the
/// connection says itself there, else `connection_lost`, 1006.
ws_leave lost_leave(shared_buffer client_pid, const caf::error& reason);

} // namespace wsrelay
