// An actor of another node, as actors of this one see it.
#pragma once

#include "net/cluster/lost_proxies.hpp"
#include "net/cluster/node_link.hpp"
#include "net/cluster/node_load.hpp"
#include "net/cluster/open_requests.hpp"

#include <caf/actor.hpp>
#include <caf/actor_proxy.hpp>
#include <caf/detail/shared_spinlock.hpp>

#include <memory>

namespace wsrelay {

/// What the proxies of a node share. There may be very many of them.
struct proxy_context {
  std::shared_ptr<open_requests> requests;
  std::shared_ptr<node_load> load;
  std::shared_ptr<node_link> link;
  std::shared_ptr<lost_proxies> lost;
};

/// Hands what it gets to its node's link, or to the BASP broker. It ends, with
/// everybody told who monitors it, when the actor or its node does. CAF
/// 0.17.6's own proxy differs in three ways: once ended it swallows requests,
/// where this one answers with an error; when its last handle goes it ends the
/// proxy that came after it, with the same ID, when the node was lost and found
/// again; and a link to an actor that has just ended locks the broker's thread
/// for good.
class node_proxy final : public caf::actor_proxy {
public:
  /// What actors of this node ask it goes into the requests, how much waits for
  /// its node into the load, and it itself to the lost ones while these gather.
  node_proxy(caf::actor_config& config, caf::actor broker,
             std::shared_ptr<const proxy_context> shared);
  ~node_proxy() override;

  /// Returns how much waits for its node. Any thread.
  node_load& load() const noexcept { return *shared_->load; }

  using caf::actor_proxy::enqueue;

  // Any thread.
  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* caller) override;
  bool add_backlink(caf::abstract_actor* other) override;
  bool remove_backlink(caf::abstract_actor* other) override;
  void kill_proxy(caf::execution_unit* caller, caf::error reason) override;

  /// Everybody is told who monitors it; on `caller`, null for the scheduler.
  void end(caf::execution_unit* caller, caf::error reason);

private:
  void unlink_later(caf::actor_addr who);
  void forward_later(caf::strong_actor_ptr sender, caf::message content);
  void forward(const outgoing_message& what);
  void give_to_broker(const outgoing_message& what);

  const std::shared_ptr<const proxy_context> shared_;
  caf::detail::shared_spinlock broker_lock_;
  caf::actor broker_; // guarded by broker_lock_; null once ended
};

} // namespace wsrelay
