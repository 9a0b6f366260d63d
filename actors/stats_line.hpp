// Who asks an acceptor for the numbers of its connections, one at a time.
#pragma once

#include "actors/node_messages.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/local_actor.hpp>
#include <caf/message.hpp>
#include <caf/node_id.hpp>
#include <caf/response_promise.hpp>
#include <caf/result.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

namespace wsrelay {

/// How many questions wait for the one that is being answered, and how many of
/// them are one node's; more are refused. An operator is a node of its own.
inline constexpr std::size_t max_waiting_stats = 64;
inline constexpr std::size_t max_waiting_stats_of_node = 4;

/// A question walks the connections and asks many of them, so whoever asks
/// without end would hold up the acceptor's clients: one is answered at a time.
/// Part of an actor, which calls it in its own context.
class stats_line {
public:
  /// Spawns the `stats_collector` of a page, or of an `acceptor_stats`.
  using spawn_collector =
      std::function<caf::actor(const std::optional<acceptor_page_get>& page)>;

  stats_line(caf::local_actor* self, spawn_collector spawn)
      : self_{self}, spawn_{std::move(spawn)} {}

  /// Answers who waits with `sec::request_receiver_down`.
  ~stats_line();

  stats_line(const stats_line&) = delete;
  stats_line& operator=(const stats_line&) = delete;

  /// Answers the request that is being handled, now or later; `errc::busy` when
  /// too many wait. Does nothing for a message that is no request.
  caf::result<caf::message> ask(std::optional<acceptor_page_get> page);

  /// To be called with every actor that went down. Returns whether it was the
  /// collector.
  bool on_down(const caf::actor_addr& who);

private:
  struct question {
    caf::response_promise promise;
    std::optional<acceptor_page_get> page;
    caf::node_id from;
  };

  bool has_room(const caf::node_id& from) const;
  void answer_next();

  caf::local_actor* self_;
  spawn_collector spawn_;
  std::deque<question> waiting_;
  caf::actor_addr collector_; // null when none is at work
};

} // namespace wsrelay
