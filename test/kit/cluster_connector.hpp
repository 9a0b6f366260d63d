// What a node of a cluster has in the place of sockets.
#pragma once

#include <caf/event_based_actor.hpp>
#include <caf/node_id.hpp>
#include <caf/response_promise.hpp>

#include <functional>
#include <string>
#include <vector>

namespace wsrelay::test {

/// What it does.
struct connector_calls {
  /// Connects to the node of a name.
  std::function<void(const std::string&, caf::response_promise)> connect;
  /// Ends the connection to a node.
  std::function<void(const caf::node_id&)> part;
};

/// The actor that a peer has as its connector, and a directory as its links.
caf::behavior cluster_connector(caf::event_based_actor* self,
                                connector_calls calls);

/// The acceptor of a test node's clients: they hear from it that another node
/// stops. `clients` returns them.
caf::behavior
cluster_acceptor(caf::event_based_actor* self,
                 std::function<std::vector<caf::actor>()> clients);

} // namespace wsrelay::test
