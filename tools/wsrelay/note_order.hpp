// Telling a node what is ordered of somebody there, before it is.
#pragma once

#include "actors/operator_order.hpp"
#include "net/admin/node_client.hpp"

#include <utility>
#include <variant>
#include <vector>

namespace wsrelay::cli {

/// Has the asked node log an order. One of an earlier release does not know of
/// that, and one that does not answer in time does not answer what follows:
/// neither is an error. Blocks for the timeout at most. Throws `command_error`
/// when the node is lost.
inline void note_order(node_client& node, operator_order order) {
  std::vector<std::pair<caf::actor, operator_order>> question;
  question.emplace_back(node.directory(), std::move(order));
  node.ask_all<std::monostate>(question);
}

} // namespace wsrelay::cli
