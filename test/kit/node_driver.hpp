// Who steps a node that is one of several.
#pragma once

#include "test/kit/simulated_scheduler.hpp"

namespace wsrelay::test {

/// Lets several nodes act, on one clock. A node of a cluster asks it instead of
/// acting alone.
class node_driver {
public:
  using time_point = simulated_scheduler::time_point;

  /// Lets everybody do what is next. Returns whether there was anything to do.
  virtual bool step() = 0;

  /// Returns when something is due next, `time_point::max()` when nothing is.
  virtual time_point next_event() const = 0;

  /// Moves all clocks to `when`, never back.
  virtual void move_to(time_point when) = 0;

  /// Returns the handle that a system has of an actor, whichever node's handle
  /// is given.
  virtual caf::actor seen_by(caf::actor_system& system,
                             const caf::actor& who) = 0;

protected:
  ~node_driver() = default;
};

} // namespace wsrelay::test
