// What people read for a target's PID.
#pragma once

#include "actors/node_messages.hpp"

#include <map>
#include <string>
#include <vector>

namespace wsrelay {

/// The names that nodes knew when they were asked, by the actors' PIDs.
class target_names {
public:
  /// The relay's own names are left out.
  explicit target_names(const std::vector<directory_row>& rows);

  /// Adds what a peer has put at its own node, as "NAME@PEER", for actors that
  /// have no name yet.
  void add_peer(const peer_entry& peer, const std::vector<directory_row>& rows);

  bool knows(const std::string& pid) const { return by_pid_.count(pid) > 0; }

  /// Returns the actor's name, the first of several, or the PID.
  const std::string& shown(const std::string& pid) const;

private:
  void add(const directory_row& row, const std::string& name);

  std::map<std::string, std::string> by_pid_;
};

} // namespace wsrelay
