// Names and who has them; no actor, sends nothing. An actor's end costs per
// name of its own, however many names there are.
#pragma once

#include "actors/messages.hpp"

#include <caf/actor_addr.hpp>
#include <caf/node_id.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// Names to actors, and back. Not thread-safe.
class name_table {
public:
  /// Gives a name to an actor, whoever had it.
  void add(const std::string& name, const caf::actor& who);

  /// Returns who has the name, or null.
  const caf::actor* find(const std::string& name) const;

  /// Returns whether the actor has a name.
  bool has(const caf::actor& who) const;

  /// Takes the name from whoever has it. Returns whether somebody had.
  bool remove(const std::string& name);

  /// Takes all names from an actor.
  void remove_actor(const caf::actor_addr& who);

  /// Takes all names from the actors of a node.
  void remove_node(const caf::node_id& node);

  /// Returns all names, sorted.
  std::vector<directory_entry> list() const;

private:
  // Sorted by node, so that those of one stand together.
  using holder = std::pair<caf::node_id, caf::actor_id>;
  using entry_map = std::map<std::string, caf::actor>;

  static holder holder_of(const caf::actor& who);
  void drop(std::map<holder, std::set<std::string_view>>::iterator names);

  entry_map entries_;
  std::map<holder, std::set<std::string_view>> names_; // keys of entries_
};

} // namespace wsrelay
