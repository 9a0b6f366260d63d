// The groups of a node: connections that hear the same, by a name that anyone
// may use. Who is in which says group_table.hpp.
#pragma once

#include "actors/group_table.hpp"

#include <caf/message.hpp>
#include <caf/stateful_actor.hpp>

#include <map>
#include <string>

namespace wsrelay {

struct groups_state;
using groups_actor = caf::stateful_actor<groups_state>;

/// How long another node may take to answer how many members it has.
inline constexpr milliseconds group_patience{5'000};

/// How soon a node that did not take what it was told is told again.
inline constexpr milliseconds group_retry{1'000};

/// The state of the actor. Each node knows its own members, and of each other
/// one only which groups have members there: what is sent to a group goes to
/// each of these once.
struct groups_state {
  static inline const char* name = "wsrelay.groups";

  struct peer {
    caf::actor directory; // which passes on what is for its groups
    remote_groups has{};
    group_feed feed{};
  };

  explicit groups_state(groups_actor* self) : self{self} {}

  caf::result<void> change(const group_change& message);
  caf::result<void> send(const std::string& group, caf::message content,
                         const std::string& except_pid);
  caf::result<group_count> count(const group_count_get& message);
  caf::result<void> take(const group_news& news);
  void deliver(const group_relay& message);

  void add_peer(const caf::actor& directory);
  void on_down(const caf::actor_addr& who);
  void tell_here(std::string_view group, const caf::message& content,
                 std::string_view except_pid);
  void note(const std::string& group);
  void feed(const caf::node_id& node);
  void settle(const caf::node_id& node, bool taken);

  groups_actor* self;
  group_table members;
  std::map<caf::node_id, peer> peers;
};

/// The actor, one per node, behind its directory. Ends with that.
caf::behavior groups(groups_actor* self, const caf::actor& directory);

} // namespace wsrelay
