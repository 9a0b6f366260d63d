// A target of somebody else's program.
#pragma once

#include <wsrelay/actors/messages.hpp>

#include <caf/event_based_actor.hpp>

inline caf::behavior greeter(caf::event_based_actor* self) {
  return {
      [](const wsrelay::ws_join&) {},
      [self](const wsrelay::ws_message& message) {
        self->send(
            message.client,
            wsrelay::ws_event{"greeting", wsrelay::shared_buffer{"\"hi\""}});
      },
      [](const wsrelay::ws_leave&) {},
  };
}
