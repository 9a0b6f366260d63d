// The echo target: every message goes back as it came.
#pragma once

#include <caf/event_based_actor.hpp>

namespace wsrelay {

/// Answers each `ws_message` with a `ws_send` of the same type and bytes.
caf::behavior echo(caf::event_based_actor* self);

} // namespace wsrelay
