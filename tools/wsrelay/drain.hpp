// Emptying: a node of its clients, or a target or an application's node of its
// connections, which move to another one.
#pragma once

#include "tools/wsrelay/commands.hpp"

namespace wsrelay::cli {

/// Without `opts.target`: tells the node to drain, and waits until it has
/// ended. With it: moves the connections whose target is `opts.subject`, or
/// lives on the node `opts.from_node`, at `opts.rate` per second; of all nodes
/// that can be reached, or of `opts.peer`. What could not be moved is
/// `missing`, with the reason.
command_output drain(node_client& node, const options& opts,
                     const progress& tell);

} // namespace wsrelay::cli
