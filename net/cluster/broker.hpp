// CAF's BASP broker, where what it knows of a node begins and ends with the
// connection to it.
#pragma once

#include "actors/log_limit.hpp"
#include "net/cluster/open_requests.hpp"

#include <caf/io/basp_broker.hpp>

#include <memory>
#include <vector>

namespace wsrelay {

/// What CAF 0.17.6's own does otherwise: a node that connects again while its
/// lost connection is not noticed here yet gets a second one beside it, and
/// neither side tells the other any more of actors that end. And neither who
/// reaches a node through this one nor who waits for its answer ever hears that
/// it is lost.
class node_broker final : public caf::io::basp_broker {
public:
  using basp_broker::basp_broker;

  // Called by CAF, on the loop's thread.
  caf::behavior make_behavior() override;
  void purge_state(const caf::node_id& node) override;
  caf::strong_actor_ptr make_proxy(caf::node_id node,
                                   caf::actor_id id) override;
  void set_last_hop(caf::node_id* node) override;
  bool cleanup(caf::error&& reason, caf::execution_unit* host) override;

  /// Looks at what a connection has read, right before it is handed over. A
  /// response is noted. When another node says who it is, and is connected
  /// already, the old connection is closed: everything of the node ends, before
  /// it begins anew.
  void before_read(caf::io::connection_handle connection,
                   const std::vector<char>& data);

private:
  void on_lost(const caf::node_id& node);
  void on_handshake(const std::vector<char>& payload);
  void on_message(const caf::io::basp::header& header);
  bool is_for_this_node(const std::vector<char>& routed);

  const std::shared_ptr<open_requests> requests_ =
      std::make_shared<open_requests>();
  log_limit lines_;
  caf::node_id last_hop_; // whom the message comes from
};

} // namespace wsrelay
