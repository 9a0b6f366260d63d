// What actors of this node have asked actors of others.
#pragma once

#include <boost/functional/hash.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace wsrelay {

/// Requests of this node's actors to other nodes that are not answered. CAF
/// 0.17.6 keeps no such list: who has asked a node that is lost then waits for
/// ever. Any thread; answers are sent without a lock held.
class open_requests {
public:
  /// `sender` is an actor of this node.
  void add(const caf::strong_actor_ptr& sender, caf::message_id request,
           caf::node_id to);

  /// The answer to a request of the actor `sender` has come, wherever from.
  void on_response(caf::actor_id sender, caf::message_id response);

  /// Answers all that was asked there with `sec::request_receiver_down`.
  void on_lost(const caf::node_id& node);

  std::size_t size() const;

private:
  // One actor does not ask twice under one number.
  using key = std::pair<caf::actor_id, std::uint64_t>;
  struct open_request {
    caf::weak_actor_ptr sender;
    caf::message_id id;
    caf::node_id to;
  };

  // Each keeps the memory of its asker.
  static constexpr std::size_t sweep_min = 64;

  void sweep();

  mutable std::mutex mutex_;
  std::unordered_map<key, open_request, boost::hash<key>> requests_;
  std::size_t sweep_at_ = sweep_min;
};

} // namespace wsrelay
