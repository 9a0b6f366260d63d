// An actor of another node of the cluster, as actors of this one see it.
#pragma once

#include <caf/actor_proxy.hpp>

namespace wsrelay::test {

class cluster_member;

/// Hands what it gets to its node's link, as net/cluster/proxy.hpp does. It
/// ends, with everybody told who monitors it, when the actor or its node does;
/// requests to it then fail at once.
class cluster_proxy final : public caf::actor_proxy {
public:
  /// `home` is the node that it is made for.
  cluster_proxy(caf::actor_config& config, cluster_member& home);

  using caf::actor_proxy::enqueue;

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* caller) override;
  bool add_backlink(caf::abstract_actor* other) override;
  bool remove_backlink(caf::abstract_actor* other) override;
  void kill_proxy(caf::execution_unit* caller, caf::error reason) override;

private:
  void forward(const caf::strong_actor_ptr& sender, caf::message_id id,
               const caf::mailbox_element::forwarding_stack& stages,
               const caf::type_erased_tuple& content);
  void forward_later(caf::strong_actor_ptr sender, caf::message content);

  cluster_member& home_;
  bool has_ended_ = false;
};

} // namespace wsrelay::test
