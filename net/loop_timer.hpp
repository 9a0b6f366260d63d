// Timers of a loop: coarse, free of system calls and of memory of their own.
#pragma once

#include "actors/frame_port.hpp"

#include <boost/intrusive/set.hpp>

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
