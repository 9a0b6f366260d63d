// All there is to tell of one connection, also of one that has gone.
#pragma once

#include "net/admin/node_client.hpp"

#include <string>
#include <vector>

namespace wsrelay {

/// Asks the connection of this PID, or, where there is none, the acceptors of
/// the node for how it ended. Throws `command_error`.
connection_report inspect_connection(node_client& node, const std::string& pid);

/// Returns the last connections of the node that have ended, the newest first,
/// as many as its acceptors remember.
std::vector<connection_report> list_ended(node_client& node);

} // namespace wsrelay
