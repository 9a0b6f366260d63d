// The bookkeeping of an audience: who is in it, on which node, and which nodes
// have an audience of their own for it. Sends nothing, locks nothing.
#pragma once

#include "actors/node_messages.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/node_id.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace wsrelay {

/// Returns the node of an actor. Tests have one of their own.
using node_of_function = std::function<caf::node_id(const caf::actor&)>;

using actor_list = std::vector<caf::actor>;

/// What follows from a change, null where nothing does. The caller sends it
/// before it makes another change. What was dropped lives as long as this: its
/// end must not come while the caller holds a lock.
struct audience_order {
  caf::actor ask; // a member that is asked for an audience of its node
  caf::actor remote;
  audience_change change; // for `remote`
  caf::actor dropped;
  std::shared_ptr<const actor_list> dropped_receivers;
};

/// Members by node. Those of this node, and those of a node without a remote
/// audience, are sent to one by one; all others by way of the remote audience.
///
/// Change-over: the order that comes with a remote audience holds all members
/// of its node. Whoever sends that order first and then uses `receivers` sends
/// each message on one of the two ways, and on both in the same order.
class audience_members {
public:
  audience_members(caf::node_id here, node_of_function node_of)
      : here_{std::move(here)}, node_of_{std::move(node_of)} {}

  /// Returns whether `who` was not in it.
  bool add(const caf::actor& who, audience_order& order);

  /// Takes a member out that lives. Returns whether it was in it.
  bool remove(const caf::actor& who, audience_order& order);

  /// Something has ended: a member, which its own node learns by itself, or a
  /// remote audience.
  void drop(const caf::actor_addr& who, audience_order& order);

  /// A node has answered with its audience. Returns whether it is wanted.
  bool open(const caf::actor& remote, audience_order& order);

  /// Takes all members out and returns who was known: members and remote
  /// audiences.
  actor_list clear();

  std::size_t size() const noexcept;

  /// Returns whom a message goes to: members and remote audiences. It is made
  /// anew after a change.
  std::shared_ptr<const actor_list> receivers();

private:
  using member_map = std::unordered_map<const void*, caf::actor>;
  struct place {
    member_map members; // by address
    caf::actor remote;  // the node's audience, null until it has answered
    const void* asked = nullptr; // the member that was asked for it
  };

  using place_map = std::map<caf::node_id, place>;

  static void ask(place& where, audience_order& order);
  bool take_out(place& where, const void* key, audience_order& order);
  void erase_if_empty(place_map::iterator entry);
  void forget_receivers(audience_order& order);

  caf::node_id here_;
  node_of_function node_of_;
  place_map places_;
  std::shared_ptr<const actor_list> receivers_;
};

} // namespace wsrelay
