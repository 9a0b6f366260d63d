// The table of connections.
#pragma once

#include "tools/wsrelay/commands.hpp"

namespace wsrelay::cli {

/// Lists the connections of all acceptors of the node, the oldest first. An
/// acceptor that does not answer is missing in it, and hides no other.
command_output ps(node_client& node, const options& opts);

} // namespace wsrelay::cli
