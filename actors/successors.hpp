// Who takes a name next: asked for by parked connections, of which many may
// wait for one name.
#pragma once

#include "actors/frame_port.hpp"
#include "actors/node_messages.hpp"

#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>

#include <map>
#include <string>
#include <vector>

namespace wsrelay {

/// Between two look-ups of a name: the first time, and at most.
inline constexpr milliseconds least_successor_pause{50};
inline constexpr milliseconds most_successor_pause{1'000};

struct successors_state;
using successors_actor = caf::stateful_actor<successors_state>;

/// Asks the directory for each name once, however many wait for it, again and
/// again until it has one. Who has ended is forgotten with the next look-up.
struct successors_state {
  static inline const char* name = "wsrelay.successors";

  struct awaited {
    std::vector<caf::response_promise> who;
    milliseconds pause = least_successor_pause;
    time_point due = time_point::max(); // while the directory is asked
  };

  explicit successors_state(successors_actor* self) : self{self} {}

  caf::result<caf::actor> find(const successor_get& message);
  void ask(const std::string& name);
  void on_found(const std::string& name, const caf::actor& found);
  void on_nobody(const std::string& name);
  void on_tick();
  void tick();

  successors_actor* self;
  caf::actor directory;
  std::map<std::string, awaited> names;
  bool ticks = false; // one is on its way
};

/// The actor, one per node. Answers `successor_get` when somebody has the name.
caf::behavior successors(successors_actor* self, caf::actor directory);

} // namespace wsrelay
