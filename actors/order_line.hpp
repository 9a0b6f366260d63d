// What the log says of an operator's order.
#pragma once

#include "actors/log.hpp"
#include "actors/operator_order.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/local_actor.hpp>
#include <caf/node_id.hpp>
#include <caf/result.hpp>

#include <string>
#include <string_view>

namespace wsrelay {

/// Logs `what` an operator orders of `self` right now, from a process of his
/// own: `wsrelay`. `more` is further " key=value". The API logs its orders
/// itself (net/admin/api.cpp), and who embeds a node needs no line.
inline void log_order(caf::local_actor* self, std::string_view what,
                      std::string_view more = {}) {
  auto& sender = self->current_sender();
  if (sender && sender->node() != self->node())
    log().info("operator: what={}{} node={}", what, more,
               to_string(sender->node()));
}

/// Logs an order that is about to come from such a process to somebody else.
caf::result<void> note_order(caf::local_actor* self,
                             const operator_order& order);

} // namespace wsrelay
