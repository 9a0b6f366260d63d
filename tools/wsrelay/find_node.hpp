// Which node of this machine is meant when none is named.
#pragma once

#include <string>
#include <vector>

namespace wsrelay::cli {

/// Returns the folders where nodes have their operator's sockets: that of the
/// user, then that of services.
std::vector<std::string> operator_folders();

/// Returns the socket of the only node that lives in the first of these folders
/// where one does. Throws `command_error` when there is none, which says why in
/// each folder, or when there are several, which names them. Never blocks.
std::string find_node(const std::vector<std::string>& folders);

} // namespace wsrelay::cli
