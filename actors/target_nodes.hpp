// What a connection has to know of the nodes that targets live on. The cluster
// knows it; this room only asks.
#pragma once

#include <caf/actor.hpp>

#include <atomic>

namespace wsrelay {

/// Any thread. Nothing here blocks.
class target_nodes {
public:
  /// Returns whether a target lives here or on a node that is connected. What
  /// is reached through a third node is no target: its messages may be
  /// overtaken by later ones, once there is a direct way.
  virtual bool reaches(const caf::actor& target) const = 0;

  /// Returns what says whether so much waits for a target's node that its
  /// clients are not to be read; null = it never does. It lives as long as the
  /// handle, and a `node_relieved` tells when it has become false.
  virtual const std::atomic<bool>*
  pressure_on(const caf::actor& target) const = 0;

protected:
  ~target_nodes() = default;
};

/// Returns whether too much waits for the node of `who`.
inline bool is_pressed(const target_nodes& nodes, const caf::actor& who) {
  auto* pressure = nodes.pressure_on(who);
  return pressure && *pressure;
}

/// Returns whether a new client may go to `who`.
inline bool takes_more(const target_nodes& nodes, const caf::actor& who) {
  return nodes.reaches(who) && !is_pressed(nodes, who);
}

} // namespace wsrelay
