// The connections of a node, as its acceptors list them.
#pragma once

#include "net/admin/node_client.hpp"

#include <string>
#include <vector>

namespace wsrelay {

/// Returns the actor's id of a PID, which counts up; 0 for text that is none.
std::uint64_t actor_id_of(std::string_view pid);

struct known_acceptor {
  std::string name;
  caf::actor who;
};

/// Returns the acceptors of the directory's node itself, whatever other nodes
/// have put there.
std::vector<known_acceptor> find_acceptors(node_client& node);

/// Asks all of them for all of their pages. What does not answer is missing,
/// and in `missing`, and hides no other. The oldest first.
std::vector<connection_page_row>
list_connections(node_client& node, std::vector<known_acceptor> acceptors,
                 std::vector<command_error>& missing,
                 bool with_metadata = false);

} // namespace wsrelay
