// Names and who has them; no actor, sends nothing. Several actors may want one
// name: they stand in line, and the first one that lives has it. An actor's end
// costs per name of its own, however many names there are.
#pragma once

#include "actors/messages.hpp"
#include "actors/name_line.hpp"

#include <caf/actor_addr.hpp>
#include <caf/node_id.hpp>

#include <cstddef>
#include <map>
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

/// Where `name_table::add` has left an actor.
enum class place { first, waiting, refused };

/// Names to actors, and back. Not thread-safe.
class name_table {
public:
  explicit name_table(const name_limits& limits = {}) : limits_{limits} {}

  /// Puts an actor in line for a name, once. What another node puts counts
  /// towards its limits; beyond them it is refused.
  place add(const std::string& name, const caf::actor& who,
            const caf::node_id& by = {});

  /// Returns who has the name, or null: the first in line that lives.
  const claimant* find(const std::string& name) const;

  /// Returns the actor's own place in line for a name, or null.
  const claimant* find(const std::string& name, const caf::actor& who) const;

  /// Returns the actor of this id of a node, if it is in line for any name.
  caf::actor find_actor(const caf::node_id& node, caf::actor_id id) const;

  /// Returns whether the actor is in line for any name.
  bool has(const caf::actor& who) const;

  /// Takes an actor out of a name's line. Returns whether it was there.
  bool remove(const std::string& name, const caf::actor& who);

  /// Takes an actor that has ended out of all lines. Of an actor of another
  /// node, which was lost and found again, only what that handle was put with.
  void remove_actor(const caf::actor_addr& who);

  /// Takes out of all lines what a node has put for actors of others.
  void remove_foreign(const caf::node_id& by);

  /// Takes all actors of a node out of all lines.
  void remove_node(const caf::node_id& node);

  /// Puts the actors of a node behind all others, whenever these or those come,
  /// or back among them. It is to be put back when the node is gone.
  void set_behind(const caf::node_id& node, bool behind);

  /// Returns the names that begin with `prefix` and who has them, sorted.
  std::vector<directory_entry> list(std::string_view prefix = {}) const;

  /// Returns of these the ones behind `after`, until they have so many bytes,
  /// and whether there are more.
  directory_page page(std::string_view prefix, std::string_view after,
                      std::size_t bytes) const;

  /// Returns how many names somebody has.
  std::size_t size() const noexcept { return entries_.size(); }

  /// Returns everybody in every line.
  std::vector<directory_entry> list_all() const;

private:
  using entry_map = std::map<std::string, name_line, std::less<>>;
  // What an actor has, by its id. Most have one name, and there may be very
  // many of them: no container each. Some have very many: none is walked.
  using holding = std::pair<caf::actor_id, entry_map::value_type*>;
  using holdings = std::set<holding>;
  using node_map = std::map<caf::node_id, holdings>;
  struct usage {
    std::size_t names = 0;
    std::size_t foreign = 0; // of these for actors of others
    std::size_t bytes = 0;
  };

  bool admits(const std::string& name, const name_line& waiting,
              const caf::node_id& by) const;
  void count(const std::string& name, const claimant& who);
  void discount(const std::string& name, const claimant& who);
  void join_line(entry_map::iterator entry, claimant who);
  place refuse(entry_map::iterator entry);
  void leave_line(entry_map::value_type& entry, std::size_t place);
  void sort_behind(name_line& waiting) const;
  bool is_behind(const claimant& who) const {
    return behind_.count(who.who.node()) > 0;
  }
  void forget_if_empty(node_map::iterator held);

  name_limits limits_;
  entry_map entries_;
  node_map held_;
  std::set<caf::node_id> behind_;
  std::map<caf::node_id, usage> used_;
};

} // namespace wsrelay
