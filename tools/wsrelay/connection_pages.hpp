// The connections of a node, as its acceptors list them.
#pragma once

#include "tools/wsrelay/session.hpp"

#include <string>
#include <vector>

namespace wsrelay::cli {

struct known_acceptor {
  std::string name;
  caf::actor who;
};

/// Returns the acceptors of the directory's node itself, whatever other nodes
/// have put there.
std::vector<known_acceptor> find_acceptors(session& node);

/// Asks all of them for all of their pages. What does not answer is missing,
/// and in `missing`, and hides no other. The oldest first.
std::vector<connection_row>
list_connections(session& node, std::vector<known_acceptor> acceptors,
                 std::vector<command_error>& missing);

} // namespace wsrelay::cli
