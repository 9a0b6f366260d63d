// What actors of this node have asked actors of others.
#pragma once

#include <boost/functional/hash.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace wsrelay {

/// Requests of this node's actors to other nodes that are not answered. CAF
/// 0.17.6 keeps no such list: who has asked a node that is lost then waits for
/// ever. Any thread; answers are sent without a lock held. It is in parts, each
/// with a lock of its own: threads that ask seldom meet.
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

  // Each request keeps the memory of its asker.
  static constexpr std::size_t part_count = 8;
  static constexpr std::size_t sweep_min = 64 / part_count;

  // What the actors asked whose ids are alike.
  struct part {
    void sweep();

    mutable std::mutex mutex;
    std::unordered_map<key, open_request, boost::hash<key>> requests;
    std::size_t sweep_at = sweep_min;
  };

  part& part_of(caf::actor_id sender) { return parts_[sender % part_count]; }

  std::array<part, part_count> parts_;
};

} // namespace wsrelay
