// A hub: knows its clients and tells everybody what one of them says.
#pragma once

#include "actors/audience.hpp"
#include "actors/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

namespace wsrelay::examples {

struct hub_state {
  explicit hub_state(caf::local_actor* self) : clients{self} {}

  audience clients;
};

/// Sends each message of a client to all clients, the sender included. The
/// payload is shared: a thousand clients cost no copy, and a thousand of
/// another node cost one message.
inline caf::behavior hub(caf::stateful_actor<hub_state>* self) {
  // By default CAF prints what is not handled: heartbeats, say.
  self->set_default_handler(caf::drop);
  auto& clients = self->state.clients;
  return {
      [&clients](const ws_join& message) { clients.add(message.client); },
      [&clients](const ws_message& message) {
        clients.send(ws_send{message.type, message.data});
      },
      [&clients](const ws_leave& message) { clients.remove(message.client); },
  };
}

} // namespace wsrelay::examples
