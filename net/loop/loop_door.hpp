// The way to a loop that may be gone.
#pragma once

#include "net/loop/loop_context.hpp"

#include <functional>
#include <mutex>
#include <utility>

namespace wsrelay {

/// The way to a loop from threads that may outlive it. Any thread.
class loop_door {
public:
  /// @pre The loop lives until `close`.
  explicit loop_door(loop_context& home) : home_{&home} {}

  /// Runs a function on the loop's thread; drops it when the door is closed.
  void post(std::function<void()> what) {
    std::unique_lock guard{mutex_};
    if (home_)
      home_->post(std::move(what));
  }

  /// Lets nothing in any more.
  void close() {
    std::unique_lock guard{mutex_};
    home_ = nullptr;
  }

private:
  std::mutex mutex_;
  loop_context* home_; // guarded by mutex_
};

} // namespace wsrelay
