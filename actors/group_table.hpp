// Groups of connections: who of this node is in which, what other nodes have of
// them, and what these are told. No actor, sends nothing, not thread-safe.
#pragma once

#include "actors/node_messages.hpp"

#include <caf/actor.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Names of one `group_news`: at most 64 KiB of them, others wait for it.
inline constexpr std::size_t max_group_batch = 500;

/// The members of this node. A connection is in at most `max_groups`, so there
/// are no more groups than that for each.
class group_table {
public:
  using members = std::map<caf::actor_id, caf::actor>;

  /// Puts an actor in. Returns whether nobody was in it before.
  bool add(const std::string& group, const caf::actor& who);

  /// Takes an actor out. Returns whether it was the last one.
  bool remove(std::string_view group, caf::actor_id who);

  /// Takes an actor out of all. Returns those that have nobody left.
  std::vector<std::string> remove_everywhere(caf::actor_id who);

  /// Returns who is in it, or null.
  const members* find(std::string_view group) const;

  /// Returns whether an actor is in any.
  bool has(caf::actor_id who) const { return held_.contains(who); }

  /// Returns the groups that have members, sorted.
  std::vector<std::string> list() const;

private:
  using group_map = std::map<std::string, members, std::less<>>;

  bool erase(group_map::iterator entry, caf::actor_id who);

  group_map groups_;
  std::map<caf::actor_id, std::vector<group_map::value_type*>> held_;
};

/// How many groups of another node are kept apart.
struct group_limits {
  std::size_t groups = 100'000;
  std::size_t bytes = 8 * 1024 * 1024; // of their names together
};

/// What another node has.
class remote_groups {
public:
  explicit remote_groups(group_limits limits = {}) : limits_{limits} {}

  /// Takes what it has told. Names that no group has are left out. A node with
  /// more groups than the limits is taken to have every one from then on.
  void apply(const group_news& news);

  /// Returns whether it has members.
  bool has(std::string_view group) const {
    return has_all_ || names_.contains(group);
  }

  /// Returns whether it has more than the limits.
  bool has_all() const noexcept { return has_all_; }

private:
  void add(const std::string& name);

  group_limits limits_;
  std::set<std::string, std::less<>> names_;
  std::size_t bytes_ = 0;
  bool has_all_ = false;
};

/// What another node has yet to be told: one batch is under way at a time, and
/// a group that comes and goes meanwhile is told of once.
class group_feed {
public:
  /// A group has its first member, or has lost its last one.
  void note(std::string group) { changed_.insert(std::move(group)); }

  /// Returns what is said next; nothing when all is told, or before `settle`.
  std::optional<group_news> next(const group_table& table);

  /// The batch was taken; else it will be said again.
  void settle(bool taken);

private:
  std::set<std::string> changed_;
  std::vector<std::string> under_way_;
};

} // namespace wsrelay
