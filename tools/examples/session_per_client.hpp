// A handler that spawns a target for each connection: the way to keep a
// client's state where nobody else can touch it.
#pragma once

#include "actors/messages.hpp"
#include "protocol/json.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <string>

namespace wsrelay::examples {

struct session_state {
  std::string user;
  int count = 0;
};

/// One client's session: counts what it hears, and ends with its client, or
/// when none comes.
inline caf::behavior session(caf::stateful_actor<session_state>* self,
                             std::string user) {
  self->set_default_handler(caf::drop); // CAF prints heartbeats, say
  self->state.user = std::move(user);
  return {
      [self](const ws_join& message) {
        self->send(message.client,
                   ws_event{"welcome", json_string(self->state.user)});
      },
      [self](const ws_message& message) {
        self->send(message.client,
                   ws_event{"count", std::to_string(++self->state.count)});
      },
      [self](const ws_leave&) { self->quit(); },
      // The client is not let in: without this the session would stay.
      [self](const ws_refused&) { self->quit(); },
  };
}

/// Answers requests of /session/{user}. "nobody" is turned away, which the
/// client sees as plain HTTP; anybody else gets a session.
inline caf::behavior session_handler(caf::event_based_actor* self) {
  return {
      [self](const http_request& request) {
        auto user =
            std::string{find_field(request.params, "user").value_or("")};
        http_response response;
        if (user == "nobody") {
          response.status = 401;
          response.body = "who are you?";
          return response;
        }
        response.relay = relay_to{self->spawn(session, user), {}, {}, {}};
        return response;
      },
  };
}

} // namespace wsrelay::examples
