// What a connection has to know of the nodes that targets live on. The cluster
// knows it; this room only asks.
#pragma once

#include <caf/actor.hpp>

namespace wsrelay {

/// Any thread. Nothing here blocks.
class target_nodes {
public:
  /// Returns whether a target lives here or on a node that is connected. What
  /// is reached through a third node is no target: its messages may be
  /// overtaken by later ones, once there is a direct way.
  virtual bool reaches(const caf::actor& target) const = 0;

  /// Returns whether so much waits for a target's node that its clients are not
  /// to be read. A `node_relieved` tells of the end.
  virtual bool presses(const caf::actor& target) const = 0;

protected:
  ~target_nodes() = default;
};

} // namespace wsrelay
