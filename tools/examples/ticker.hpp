// A message type of one's own: quotes come from anywhere, also from other
// nodes, and go to every client.
#pragma once

#include "actors/audience.hpp"
#include "actors/messages.hpp"
#include "protocol/json.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/stateful_actor.hpp>

#include <cstdint>
#include <string>

namespace wsrelay::examples {

/// What something costs now.
struct quote {
  std::string symbol;
  std::int64_t cents = 0;
};

/// The fields, in the order in which they travel to other nodes.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, quote& x) {
  return f(caf::meta::type_name("quote"), x.symbol, x.cents);
}

/// Makes it known under a name that every node uses: before the actor system is
/// made, in each program that sends or gets it.
inline void add_quotes(caf::actor_system_config& config) {
  config.add_message_type<quote>("examples.quote");
}

struct ticker_state {
  explicit ticker_state(caf::local_actor* self) : clients{self} {}

  audience clients;
};

/// Tells every client each quote: {"topic":"quote","data":{..}}.
inline caf::behavior ticker(caf::stateful_actor<ticker_state>* self) {
  self->set_default_handler(caf::drop);
  auto& clients = self->state.clients;
  return {
      [&clients](const ws_join& message) { clients.add(message.client); },
      [](const ws_message&) {},
      [&clients](const ws_leave& message) { clients.remove(message.client); },
      [&clients](const quote& news) {
        clients.send(ws_event{"quote", "{\"symbol\":" + json_string(news.symbol)
                                           + ",\"cents\":"
                                           + std::to_string(news.cents) + "}"});
      },
  };
}

} // namespace wsrelay::examples
