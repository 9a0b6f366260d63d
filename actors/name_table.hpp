// Names and who has them; no actor, sends nothing. Several actors may want one
// name: they stand in line, and the first one that lives has it. An actor's end
// costs per name of its own, however many names there are.
#pragma once

#include "actors/messages.hpp"

#include <caf/actor_addr.hpp>
#include <caf/node_id.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// How much another node may put into a table.
struct name_limits {
  std::size_t names = 100'000;
  std::size_t bytes = 8 * 1024 * 1024; // of its names together
  std::size_t line = 64;               // actors that want one name
};

/// An actor in line for a name.
struct claimant {
  caf::actor who;
  std::optional<caf::node_id> by; // the node that put it; none = this one
  bool behind = false;            // everybody else comes first
};

/// Where `name_table::add` has left an actor.
enum class place { first, waiting, refused };

/// Names to actors, and back. Not thread-safe.
class name_table {
public:
  explicit name_table(const name_limits& limits = {}) : limits_{limits} {}

  /// Puts an actor in line for a name, once. What another node puts counts
  /// towards its limits; beyond them it is refused.
  place add(const std::string& name, const caf::actor& who,
            std::optional<caf::node_id> by = std::nullopt);

  /// Returns who has the name, or null: the first in line that lives.
  const claimant* find(const std::string& name) const;

  /// Returns whether the actor is in line for any name.
  bool has(const caf::actor& who) const;

  /// Takes an actor out of a name's line. Returns whether it was there.
  bool remove(const std::string& name, const caf::actor& who);

  /// Takes an actor out of all lines.
  void remove_actor(const caf::actor_addr& who);

  /// Takes all actors of a node out of all lines.
  void remove_node(const caf::node_id& node);

  /// Puts the actors of a node behind all others, also those that come later,
  /// or back among them.
  void set_behind(const caf::node_id& node, bool behind);

  /// Returns the names that begin with `prefix` and who has them, sorted.
  std::vector<directory_entry> list(std::string_view prefix = {}) const;

  /// Returns everybody in every line.
  std::vector<directory_entry> list_all() const;

private:
  using line = std::vector<claimant>;
  using entry_map = std::map<std::string, line, std::less<>>;
  // Sorted by node, so that those of one stand together.
  using holder = std::pair<caf::node_id, caf::actor_id>;
  using holder_map = std::map<holder, std::set<std::string_view>>;
  struct usage {
    std::size_t names = 0;
    std::size_t bytes = 0;
  };

  bool admits(const std::string& name, const line& waiting,
              const std::optional<caf::node_id>& by) const;
  void count(const std::string& name, const caf::node_id& by);
  void discount(const std::string& name, const caf::node_id& by);
  void join_line(entry_map::iterator entry, claimant who);
  place refuse(entry_map::iterator entry);
  void leave_line(entry_map::iterator entry, const holder& who);
  void leave_lines(holder_map::iterator names);

  name_limits limits_;
  entry_map entries_;
  holder_map names_; // keys of entries_
  std::map<caf::node_id, usage> used_;
};

} // namespace wsrelay
