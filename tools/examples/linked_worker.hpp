// A worker for each connection, linked to it: neither outlives a failure of the
// other.
#pragma once

#include "actors/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <map>
#include <string>

namespace wsrelay::examples {

/// Computes squares for one client. What is no number ends it with an error,
/// and the link closes the client's connection with 1011.
inline caf::behavior square_worker(caf::event_based_actor* self,
                                   caf::actor client) {
  self->link_to(client);
  return {
      [self, client](const std::string& text) {
        auto is_number =
            !text.empty() && text.size() < 6
            && text.find_first_not_of("0123456789") == std::string::npos;
        if (!is_number)
          return self->quit(caf::sec::invalid_argument);
        auto number = std::stoll(text);
        self->send(client, ws_event{"square", std::to_string(number * number)});
      },
  };
}

struct work_state {
  std::map<caf::actor, caf::actor> workers; // by client
};

/// Gives each client a worker. A client that is lost takes its worker along by
/// the link; one that leaves cleanly ends `normal`, which links ignore, so its
/// worker is told.
inline caf::behavior work(caf::stateful_actor<work_state>* self) {
  self->set_default_handler(caf::drop); // CAF prints heartbeats, say
  auto& workers = self->state.workers;
  return {
      [self, &workers](const ws_join& message) {
        workers[message.client] = self->spawn(square_worker, message.client);
      },
      [self, &workers](const ws_message& message) {
        self->send(workers[message.client], std::string{message.data.view()});
      },
      [self, &workers](const ws_leave& message) {
        self->send_exit(workers[message.client],
                        caf::exit_reason::user_shutdown);
        workers.erase(message.client);
      },
  };
}

} // namespace wsrelay::examples
