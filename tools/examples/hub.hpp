// A hub: knows its clients and tells everybody what one of them says.
#pragma once

#include "actors/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <set>

namespace wsrelay::examples {

struct hub_state {
  std::set<caf::actor> clients;
};

/// Sends each message of a client to all clients, the sender included. The
/// payload is shared: a thousand clients cost no copy.
inline caf::behavior hub(caf::stateful_actor<hub_state>* self) {
  auto& clients = self->state.clients;
  return {
      [&clients](const ws_join& message) { clients.insert(message.client); },
      [self, &clients](const ws_message& message) {
        for (auto& client : clients)
          self->send(client, ws_send{message.type, message.data});
      },
      [&clients](const ws_leave& message) { clients.erase(message.client); },
  };
}

} // namespace wsrelay::examples
