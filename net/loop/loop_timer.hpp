// Timers of a loop: coarse, free of system calls and of memory of their own.
#pragma once

#include "actors/frame_port.hpp"

#include <boost/intrusive/set.hpp>

#include <algorithm>
#include <chrono>

namespace wsrelay {

/// A timer is a base class: its owner sets it with `loop::set_timer`. It leaves
/// the loop when it is destroyed. Loop thread only.
class loop_timer
    : public boost::intrusive::set_base_hook<
          boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
  virtual void on_timer() = 0;

  time_point deadline() const noexcept { return deadline_; }

  bool operator<(const loop_timer& other) const noexcept {
    return deadline_ < other.deadline_;
  }

protected:
  ~loop_timer() = default;

private:
  friend class loop_timers;
  time_point deadline_ = time_point::max();
};

/// Returns a time at or after `when` that many deadlines share: a multiple of a
/// power of two of milliseconds, at most 128 and a 128th of the delay.
inline time_point to_coarse(time_point now, time_point when) {
  using std::chrono::milliseconds;
  if (when == time_point::max())
    return when;
  auto limit =
      std::min<time_point::duration>((when - now) / 128, milliseconds{128});
  auto step = milliseconds{1};
  if (limit < step)
    return when;
  while (step * 2 <= limit)
    step *= 2;
  auto past_step = when.time_since_epoch() + step - time_point::duration{1};
  return time_point{past_step / step * step};
}

/// The timers of one loop, by deadline.
class loop_timers {
public:
  /// Sets or moves a timer; `time_point::max()` cancels it.
  void set(loop_timer& timer, time_point when) {
    timer.unlink();
    timer.deadline_ = when;
    if (when != time_point::max())
      queue_.insert(timer);
  }

  /// Calls every timer whose deadline is not after `now`.
  void fire(time_point now) {
    while (!queue_.empty() && queue_.begin()->deadline() <= now) {
      auto& timer = *queue_.begin();
      set(timer, time_point::max());
      timer.on_timer();
    }
  }

  /// Returns when the next timer is due.
  time_point next() const {
    return queue_.empty() ? time_point::max() : queue_.begin()->deadline();
  }

private:
  boost::intrusive::multiset<loop_timer,
                             boost::intrusive::constant_time_size<false>>
      queue_;
};

} // namespace wsrelay
