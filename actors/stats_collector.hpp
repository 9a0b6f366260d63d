// Asks many connections for their numbers, so that the acceptor need not wait.
#pragma once

#include "actors/node_messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <vector>

namespace wsrelay {

/// How long connections may take to answer.
inline constexpr milliseconds stats_patience{2'000};

/// How many are asked in one go.
inline constexpr std::size_t stats_at_once = 256;

struct stats_collector_state;
using stats_collector_actor = caf::stateful_actor<stats_collector_state>;

/// The rows and how many of them still wait for their numbers.
struct stats_collector_state {
  static inline const char* name = "wsrelay.stats";

  explicit stats_collector_state(stats_collector_actor* self) : self{self} {}

  caf::result<std::vector<connection_row>> start();
  void ask_some();
  void ask(std::size_t row);
  void on_answer();
  void finish();

  stats_collector_actor* self;
  std::vector<connection_info> connections;
  std::vector<connection_row> rows;
  std::size_t asked = 0;
  std::size_t waiting = 0;
  caf::typed_response_promise<std::vector<connection_row>> promise;
};

/// Answers one `acceptor_stats` about these connections, then ends.
caf::behavior stats_collector(stats_collector_actor* self,
                              std::vector<connection_info> connections);

} // namespace wsrelay
