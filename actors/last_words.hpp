// What a client said while its connection was parked, when the client has gone
// before a successor came: it is brought there all the same.
#pragma once

#include "actors/messages.hpp"
#include "actors/parking_lot.hpp"

#include <caf/event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

struct last_words {
  ws_join join;
  std::vector<ws_message> messages;
  ws_leave leave;
  bool redelivers;           // to the next one, if the first one ends with them
  std::string name;          // whoever has it next gets all that,
  caf::actor successors;     // who finds it,
  milliseconds patience;     // unless that takes longer,
  milliseconds join_timeout; // or it does not answer
  parked_place place;
};

/// Waits for a successor, joins it for the client that has gone, says what the
/// client said, leaves, and ends; also when nobody has come in time, when the
/// lot is full, and when the node stops, with a line in the log.
caf::behavior bring_last_words(caf::event_based_actor* self,
                               std::shared_ptr<last_words> what);

} // namespace wsrelay
