// The actors of the probe. Each prints what it sees.
#pragma once

#include "actors/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <cstddef>
#include <string>

namespace wsrelay::cluster_probe {

/// A target that echoes: the client gets "NAME SEQ TEXT". Prints
/// "join NAME PID", "message NAME PID SEQ TEXT", "heartbeat NAME PID" and
/// "leave NAME PID REASON CODE LAST_SEQ". An `ok_atom` ends it normally.
caf::behavior target(caf::event_based_actor* self, std::string name);

/// A target that echoes as well, and prints joins alone.
caf::behavior quiet_target(caf::event_based_actor* self, std::string name);

/// A target that answers no message.
caf::behavior deaf_target(caf::event_based_actor* self);

/// A handler actor that names a target in the header X-WS-Relay. Prints
/// "request NAME PATH".
caf::behavior naming_handler(caf::event_based_actor* self, std::string name,
                             std::string target_pid);

/// A handler actor that answers with the handle of a target.
caf::behavior giving_handler(caf::event_based_actor* self, std::string name,
                             caf::actor target);

/// How a target ends that was spawned for a request: with its client or when
/// nobody comes, by an exit message alone, not even by that.
enum class guest_manners { polite, stubborn, immortal };

/// A handler actor that spawns a target for each request and answers with its
/// handle. The target echoes as `target` does and prints nothing of joins. Each
/// second one that is not polite has a thread of its own.
caf::behavior spawning_handler(caf::stateful_actor<int>* self, std::string name,
                               guest_manners manners);

/// A handler actor whose answer says who asks: "ADDRESS SCHEME HOST" and
/// "websocket" or "plain".
caf::behavior seeing_handler(caf::event_based_actor* self);

/// A handler actor that answers with a field of `size` bytes.
caf::behavior long_winded_handler(caf::event_based_actor* self,
                                  std::size_t size);

/// Monitors an actor and prints "down PID REASON" for each down message.
caf::behavior watcher(caf::event_based_actor* self, caf::actor whom);

/// Links to an actor and does nothing about it; prints "unlinked PID REASON"
/// when it has ended itself.
caf::behavior linked(caf::event_based_actor* self, caf::actor whom);

/// Sends one request, prints "answer PID ok" or "answer PID error TEXT", ends.
/// `patience` 0 = waits for ever.
void ask(caf::event_based_actor* self, const caf::actor& whom,
         const caf::message& what, milliseconds patience);

} // namespace wsrelay::cluster_probe
