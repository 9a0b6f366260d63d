// When a target gets its next heartbeat.
#pragma once

#include "actors/frame_port.hpp"

#include <utility>

namespace wsrelay {

/// One heartbeat at a time: a target that does not keep up gets no backlog of
/// them.
class heartbeat {
public:
  /// A new interval counts from `now`, an unchanged one goes on. 0 = off.
  void set_interval(milliseconds interval, time_point now) noexcept {
    if (interval == interval_)
      return;
    interval_ = interval;
    next_ = interval.count() > 0 ? now + interval : time_point::max();
  }

  /// Returns when the next one is due, `max()` when they are off.
  time_point next() const noexcept { return next_; }

  /// One is due: returns whether it is sent, and counts to the next.
  bool begin(time_point now) noexcept {
    next_ = now + interval_;
    return !std::exchange(open_, true);
  }

  /// The one that was sent is answered, or somebody else gets the next.
  void settle() noexcept { open_ = false; }

private:
  milliseconds interval_{0};
  time_point next_ = time_point::max();
  bool open_ = false; // sent and not answered
};

} // namespace wsrelay
