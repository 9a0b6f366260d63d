// What code on a loop asks of it: the time, timers, and to be called there. A
// `loop` in programs, simulated in tests.
#pragma once

#include "net/loop/loop_timer.hpp"

#include <functional>

namespace wsrelay {

class loop_context {
public:
  /// Sets or moves a timer; `time_point::max()` cancels it. Loop thread only.
  virtual void set_timer(loop_timer& timer, time_point when) = 0;

  virtual time_point now() const noexcept = 0;

  /// Runs a function on the loop's thread. Any thread.
  virtual void post(std::function<void()> what) = 0;

protected:
  ~loop_context() = default;
};

} // namespace wsrelay
