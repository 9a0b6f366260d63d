// One direction of a link between two nodes: what was sent arrives in its
// order, later, or not while the wire is cut.
#pragma once

#include "test/kit/simulated_scheduler.hpp"

#include <caf/fwd.hpp>
#include <caf/node_id.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace wsrelay::test {

/// What nodes send each other.
struct wire_packet {
  enum class kind {
    hello,   // connect: `from` is the node
    welcome, // and its answer: `source` is the directory
    refusal, // nobody is there
    message, // of `source` at `from`, to `dest`
    monitor, // the end of `dest` matters
    down,    // the end of `source`; its reason
    end      // of the connection
  };

  kind what;
  std::uint64_t connection; // its number
  caf::node_id from{};
  std::uint64_t source = 0;
  std::uint64_t dest = 0;
  std::uint64_t id = 0; // of the message, as CAF counts
  std::vector<char> bytes{};
};

/// The wire. Nothing is lost on it but by `clear`: as TCP it holds what was
/// sent while it is cut.
class cluster_wire {
public:
  using time_point = simulated_scheduler::time_point;
  using duration = time_point::duration;

  /// Sends; what is under way already arrives before it.
  void push(wire_packet packet, time_point now);

  /// Returns what has arrived by `now`, the oldest first.
  std::optional<wire_packet> pop(time_point now);

  /// Returns when the next one arrives, `max()` for none.
  time_point next_due() const noexcept;

  /// How long what is sent from now on takes.
  void set_delay(duration delay) noexcept { delay_ = delay; }
  duration delay() const noexcept { return delay_; }

  void cut() noexcept { is_cut_ = true; }
  void heal() noexcept { is_cut_ = false; }
  bool is_cut() const noexcept { return is_cut_; }

  /// Loses all that is under way.
  void clear() noexcept { waiting_.clear(); }

  /// Returns when something arrived last.
  time_point last_arrival() const noexcept { return last_arrival_; }

private:
  struct waiting_packet {
    time_point due;
    wire_packet packet;
  };

  std::deque<waiting_packet> waiting_;
  duration delay_{0};
  time_point last_arrival_{};
  bool is_cut_ = false;
};

} // namespace wsrelay::test
