// One node of a cluster: its actors' way to those of other nodes, and what
// comes from there. As net/cluster's broker does it, but for what hostile nodes
// send.
#pragma once

#include "test/kit/cluster_link.hpp"
#include "test/kit/cluster_world.hpp"
#include "test/kit/test_node.hpp"

#include <caf/message_id.hpp>
#include <caf/proxy_registry.hpp>
#include <caf/type_erased_tuple.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::test {

/// A message for an actor of another node.
struct sent_message {
  const caf::strong_actor_ptr& sender; // null = nobody
  const caf::strong_actor_ptr& receiver;
  caf::message_id id;
  const caf::mailbox_element::forwarding_stack& stages;
  const caf::type_erased_tuple& content;
};

/// The node, from its start to its end; started again it is another one.
class cluster_member final : private caf::proxy_registry::backend {
public:
  using time_point = simulated_scheduler::time_point;

  /// `links` lead to the other nodes, by their names; they outlive it.
  /// What fails the test at its end is told at `where`.
  cluster_member(cluster_world& world, std::string name,
                 std::map<std::string, cluster_link*> links, source_line where);
  ~cluster_member() override;

  const std::string& name() const noexcept { return name_; }
  const caf::node_id& id() const noexcept { return id_; }
  caf::actor_id directory_id() const { return node_->directory().id(); }
  test_node& node() noexcept { return *node_; }

  /// Its `run` and `advance` let all nodes act from now on.
  void join(node_driver& driver);

  /// Connects to another node, again and again (`actors/peer.hpp`).
  void add_peer(const std::string& name);

  /// Returns this node's handle of an actor that another one has a handle of.
  caf::actor own_handle(const caf::actor& who);

  /// Its clients leave, and its actors get `user_shutdown`: what is left after
  /// goodbye of a node that stops.
  void end_actors();

  /// The cluster ends. First its clients are lost, then, when nobody of another
  /// node knows it any more, names are taken back and the kit's own actors end.
  /// What is left is looked for last.
  void drop_clients();
  void let_go();
  void look_for_left();

  /// Ends all actors; nobody of another node hears of it from here.
  void end();

  // The node alone.
  bool step() { return node_->step_here(); }
  time_point next_event() const { return node_->next_event_here(); }
  void move_to(time_point when) { node_->scheduler_.move_to(when); }

  // For links.
  void on_met(const caf::node_id& node, cluster_link& link);
  void on_lost(const caf::node_id& node);
  void on_packet(const caf::node_id& from, const wire_packet& packet);
  caf::strong_actor_ptr proxy_of(const caf::node_id& node, caf::actor_id id);

  // For proxies.
  void send(const sent_message& what);
  void post(std::function<void()> action);

private:
  void rest();
  using key = std::pair<caf::actor_id, std::uint64_t>;
  struct open_request {
    caf::weak_actor_ptr sender;
    caf::message_id id;
    caf::node_id to;
  };

  caf::strong_actor_ptr make_proxy(caf::node_id node,
                                   caf::actor_id id) override;
  void set_last_hop(caf::node_id*) override {}

  bool is_here(const caf::strong_actor_ptr& who) const;
  void push(const caf::node_id& to, wire_packet packet);
  caf::error encode(const sent_message& what, std::vector<char>& to);
  void refuse(const sent_message& what, const caf::error& why);
  void on_message(const caf::node_id& from, const wire_packet& packet);
  void deliver(const caf::strong_actor_ptr& receiver,
               caf::strong_actor_ptr sender, const wire_packet& packet);
  void change_link(const caf::message& content,
                   const caf::strong_actor_ptr& receiver);
  void on_monitor(const caf::node_id& from, caf::actor_id who);
  void on_down(const caf::node_id& from, const wire_packet& packet);
  void tell_down(const caf::node_id& whom, caf::actor_id who,
                 const caf::error& reason);

  cluster_world& world_;
  const std::string name_;
  const caf::node_id id_;
  const std::map<std::string, cluster_link*> links_;
  std::unique_ptr<test_node> node_;
  std::unique_ptr<caf::proxy_registry> proxies_;
  std::map<caf::node_id, cluster_link*> connected_;
  std::map<key, open_request> requests_;
  std::set<std::pair<caf::node_id, caf::actor_id>> watched_;
  caf::actor connector_;
  caf::actor acceptor_;
};

} // namespace wsrelay::test
