// Asks many connections for their numbers, so that the acceptor need not wait.
#pragma once

#include "actors/node_messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>

#include <optional>
#include <vector>

namespace wsrelay {

/// How long connections may take to answer.
inline constexpr milliseconds stats_patience{2'000};

/// How many are asked in one go.
inline constexpr std::size_t stats_at_once = 256;

/// How many a page has.
inline constexpr std::size_t stats_page = 256;

struct stats_collector_state;
using stats_collector_actor = caf::stateful_actor<stats_collector_state>;

/// The rows and how many of them still wait for their numbers.
struct stats_collector_state {
  static inline const char* name = "wsrelay.stats";

  explicit stats_collector_state(stats_collector_actor* self) : self{self} {}

  caf::result<caf::message> start(std::optional<acceptor_page_get> page);
  void ask_some();
  void ask(std::size_t row);
  void on_answer();
  void finish();
  connection_page make_page();

  stats_collector_actor* self;
  std::vector<connection_info> connections;
  std::vector<connection_page_row> rows;
  std::size_t asked = 0;
  std::size_t waiting = 0;
  caf::response_promise promise;
  bool in_page = false;
  bool with_metadata = false;
  bool more = false; // connections, behind the page
};

/// Answers one `acceptor_stats` or `acceptor_page_get` about these connections,
/// then ends. `more`: a page is not the last one.
caf::behavior stats_collector(stats_collector_actor* self,
                              std::vector<connection_info> connections,
                              bool more);

} // namespace wsrelay
