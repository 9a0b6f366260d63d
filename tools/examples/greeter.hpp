// A target that greets, and the handler that leads to it: what an application
// node offers to relays.
#pragma once

#include "actors/messages.hpp"
#include "protocol/query.hpp"

#include <caf/event_based_actor.hpp>

namespace wsrelay::examples {

/// Greets everybody who writes a name.
inline caf::behavior greeter(caf::event_based_actor* self) {
  self->set_default_handler(caf::drop); // CAF prints heartbeats, say
  return {
      [](const ws_join&) {},
      [self](const ws_message& message) {
        self->send(message.client,
                   ws_send::text("hello " + std::string{message.data.view()}));
      },
      [](const ws_leave&) {},
      [](const ws_refused&) {}, // it does not wait for anybody
  };
}

/// Answers a request of a relay's endpoint: whoever brings the word gets to
/// `target`, which travels as a handle, and the others a 401.
inline caf::behavior door(caf::event_based_actor*, caf::actor target) {
  return {[target](const http_request& request) {
    http_response response;
    if (read_query(request.query).value("word") == "friend")
      response.relay = relay_to{target, {}, {}, {}};
    else
      response.status = 401;
    return response;
  }};
}

} // namespace wsrelay::examples
