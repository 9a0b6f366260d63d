// Runs actors in the test's thread, on a clock that the test moves. The only
// file that knows CAF's testing scheduler.
#pragma once

#include "test/kit/seed.hpp"

#include <caf/actor.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/error.hpp>
#include <caf/type_erased_tuple.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::test {

/// Chooses CAF's testing scheduler. Call it before the actor system is made.
void use_simulated_scheduler(caf::actor_system_config& config);

/// What befalls the `nth` message, from now on and 1 for the next, that
/// `matches`. A request fails with `failure`, and its receiver never sees it;
/// without a failure, the receiver does nothing for `delay` when the message is
/// its next.
struct message_fault {
  std::function<bool(const caf::type_erased_tuple&)> matches;
  std::size_t nth = 1;
  caf::error failure{};
  caf::timespan delay{0};
  std::string name{}; // in `faults_left`
};

/// Steps through the actors of one system. Made from a configuration that
/// `use_simulated_scheduler` has prepared; the system outlives it.
class simulated_scheduler {
public:
  using time_point = caf::actor_clock::time_point;

  explicit simulated_scheduler(caf::actor_system& system,
                               std::optional<seed> order = std::nullopt);
  ~simulated_scheduler();

  simulated_scheduler(const simulated_scheduler&) = delete;
  simulated_scheduler& operator=(const simulated_scheduler&) = delete;

  /// Lets the actor that waits longest, with a seed any that waits, handle one
  /// message. Returns whether there was one. Fails where it is an actor of
  /// another system, to which somebody has sent by a handle that is not this
  /// system's own.
  bool run_one();

  /// Returns how many actors wait.
  std::size_t ready() const;

  /// Returns what chooses where the order is free.
  chance& order();

  void add(message_fault fault);

  /// Returns the names of the faults that are still to come true.
  std::vector<std::string> faults_left() const;

  /// No fault befalls anybody any more; who was held up goes on.
  void forget_faults();

  /// Returns the simulated time. It starts near the clock's epoch.
  time_point now() const;

  /// Returns when the next timeout or delayed message of any actor is due, or
  /// one goes on; `time_point::max()` when none is set.
  time_point next_timeout() const;

  /// Moves the clock to `when`, never back, and hands out what is due by then.
  void move_to(time_point when);

  /// Returns every actor that has run and lives, hidden ones too.
  std::vector<caf::actor> living_actors() const;

  /// Kills every actor that has run and lives; `run_one` lets them end. Actors
  /// that refer to each other would never end by themselves.
  void kill_actors();

  /// Forgets every timeout and delayed message.
  void cancel_timeouts();

private:
  class unit;

  std::unique_ptr<unit> unit_;
};

} // namespace wsrelay::test
