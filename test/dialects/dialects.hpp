// Targets that speak subprotocols, as small as real clients let them be.
#pragma once

#include "actors/messages.hpp"

#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>

namespace wsrelay::dialects {

/// graphql-transport-ws: acknowledges, and answers each subscription with
/// {"data":{"query":...}} and its end.
caf::behavior graphql(caf::event_based_actor* self);

/// MQTT 3.1.1 of quality 0: what is published comes back.
caf::behavior mqtt(caf::event_based_actor* self);

/// Tells each client its subprotocol when it joins. "until MS" sets the Unix
/// time at which its session ends, and the answer to that is sent back; what
/// else it says comes back as it is.
caf::behavior terms(caf::event_based_actor* self);

/// A handler: /?target=NAME&subprotocol=NAME&until=MS as a `relay_to`.
caf::behavior tickets(caf::event_based_actor* self, caf::actor target);

} // namespace wsrelay::dialects
