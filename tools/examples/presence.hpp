// Presence: reports who came and who went, and how. It shows what the exit
// reason of a connection tells somebody who only monitors it.
#pragma once

#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "actors/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <functional>
#include <map>
#include <string>

namespace wsrelay::examples {

using presence_report = std::function<void(const std::string&)>;

struct presence_state {
  std::map<caf::actor_addr, std::string> present; // PID by connection
};

/// Returns how a connection ended: "normal", or "1006 connection lost".
inline std::string describe(const caf::error& reason) {
  auto info = to_close_info(reason);
  return info ? std::to_string(info->code) + " " + info->text : to_text(reason);
}

/// Calls `report` with one line for each client that comes or goes.
inline caf::behavior presence(caf::stateful_actor<presence_state>* self,
                              presence_report report) {
  self->set_default_handler(caf::drop); // CAF prints heartbeats, say
  auto& present = self->state.present;
  self->set_down_handler([&present, report](caf::down_msg& message) {
    report("gone " + present[message.source] + ": " + describe(message.reason));
    present.erase(message.source);
  });
  return {
      [self, &present, report](const ws_join& message) {
        self->monitor(message.client);
        present[message.client.address()] = message.client_pid.view();
        report("here " + std::string{message.client_pid.view()});
      },
      [](const ws_message&) {}, [](const ws_leave&) {}, // the monitor tells
  };
}

} // namespace wsrelay::examples
