// A loop that runs what is posted to it when a test says so.
#pragma once

#include "net/loop/loop_context.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace wsrelay::test {

/// The thread that calls `run_until` is the loop's. It has no timers.
class fake_loop final : public loop_context {
public:
  static constexpr std::chrono::seconds deadline{20};

  void set_timer(loop_timer&, time_point) override {}
  time_point now() const noexcept override { return {}; }

  void post(std::function<void()> what) override {
    std::unique_lock guard{mutex_};
    posted_.push_back(std::move(what));
    ++post_count_;
    ready_.notify_all();
  }

  /// Runs what is posted until `done` returns true, or until the deadline: then
  /// the test ends.
  template <class Predicate>
  void run_until(Predicate done) {
    while (!done()) {
      auto next = take();
      REQUIRE_MESSAGE(next, "nothing was posted before the deadline");
      next();
    }
  }

  /// Runs what has been posted.
  void run_ready() {
    for (auto left = waiting(); left > 0; --left)
      take()();
  }

  /// Waits until something has been posted, and leaves it.
  void wait_for_post() {
    std::unique_lock guard{mutex_};
    REQUIRE(ready_.wait_for(guard, deadline, [&] { return !posted_.empty(); }));
  }

  std::size_t waiting() {
    std::unique_lock guard{mutex_};
    return posted_.size();
  }

  /// Number of functions that were ever posted.
  std::size_t post_count() {
    std::unique_lock guard{mutex_};
    return post_count_;
  }

private:
  std::function<void()> take() {
    std::unique_lock guard{mutex_};
    if (!ready_.wait_for(guard, deadline, [&] { return !posted_.empty(); }))
      return nullptr;
    auto next = std::move(posted_.front());
    posted_.pop_front();
    return next;
  }

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> posted_; // guarded by mutex_
  std::size_t post_count_ = 0;               // and this
};

} // namespace wsrelay::test
