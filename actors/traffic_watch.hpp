// Who watches a connection: each watcher is told of every event, as far as its
// credit goes. Watching never slows, blocks or ends the connection.
#pragma once

#include "actors/ending.hpp"
#include "actors/node_messages.hpp"

#include <caf/actor_clock.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/result.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace wsrelay {

/// Watchers that a connection may have at a time.
inline constexpr std::size_t max_watchers = 16;

/// Events, and bytes of payload, that one watcher may leave unanswered; what
/// comes then is missed. A payload over the limit is sent when nothing else is
/// unanswered.
inline constexpr std::size_t watch_window = 128;
inline constexpr std::size_t watch_window_bytes = 1024 * 1024;

/// A watcher whose events stay unanswered for so long gives its place to a new
/// one that finds none: its node may be gone without a word, behind another.
inline constexpr milliseconds watch_patience{30'000};

/// The watchers of one connection. Owned by it; there is none while nobody
/// watches.
class traffic_watch {
public:
  /// `self` is the connection's actor, which outlives this.
  traffic_watch(caf::event_based_actor* self, shared_buffer client_pid);

  /// Adds and monitors a watcher, or changes what a known one gets. Errors:
  /// `busy`, `invalid_message` without a watcher.
  caf::result<void> add(const ws_watch& message);

  /// Removes a watcher that ended. Returns whether nobody watches any more.
  bool drop(const caf::actor_addr& who);

  bool empty() const noexcept { return watchers_.empty(); }
  bool has(const caf::actor& who) const noexcept;

  /// Tells of a message (`in` or `out`), of a new owner, of the end.
  void on_message(traffic_kind kind, std::uint64_t number, message_type type,
                  const shared_buffer& data);
  void on_transfer(const caf::actor& target, std::uint64_t last_seq);
  void on_end(const ending& how);

private:
  // What answers change. They find it also when the watcher is gone.
  struct credit {
    std::size_t events = 0; // unanswered
    std::size_t bytes = 0;
    bool refused = false;               // an answer was an error
    caf::actor_clock::time_point since; // the last answer, or the event that
                                        // waits for the first
  };
  struct watcher {
    caf::actor who;
    bool payload;
    std::uint64_t missed;
    std::shared_ptr<credit> open;
  };

  void tell(const ws_traffic& event);
  void tell(watcher& to, ws_traffic event);
  void drop_refusing();
  void drop_silent();

  caf::event_based_actor* self_;
  shared_buffer client_pid_;
  std::vector<watcher> watchers_;
};

} // namespace wsrelay
