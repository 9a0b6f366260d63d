// What people read for a target's PID.
#pragma once

#include "actors/node_messages.hpp"

#include <map>
#include <string>
#include <vector>

namespace wsrelay::cli {

/// The names that a node knew when it was asked, by the actors' PIDs.
class target_names {
public:
  /// The relay's own names are left out.
  explicit target_names(const std::vector<directory_entry>& entries);

  /// Returns the actor's name, the first of several, or the PID.
  const std::string& shown(const std::string& pid) const;

private:
  std::map<std::string, std::string> by_pid_;
};

} // namespace wsrelay::cli
