// A loop with work of every kind: jobs, timers, output, what was put off.
#pragma once

#include "test/net/loop/fake_job.hpp"
#include "test/net/support.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

namespace wsrelay::test {

/// Does what the test wants when it is due.
struct fake_timer final : loop_timer {
  void on_timer() override { what(); }
  std::function<void()> what;
};

/// Does what the test wants in its turn.
struct fake_task final : loop_task {
  void flush() override { at_flush(); }
  void go_on() override { at_go_on(); }
  std::function<void()> at_flush;
  std::function<void()> at_go_on;
};

/// What is put off behind it has to wait for the next turn.
inline void use_up_turn(std::chrono::nanoseconds time = loop::max_time) {
  using clock = std::chrono::steady_clock;
  auto until = clock::now() + time;
  while (clock::now() < until) {
  }
}

/// Where and how often jobs ran.
struct job_fixture : loop_fixture {
  using resumable = caf::resumable;

  job_fixture() {
    loop_thread = home.call([] { return std::this_thread::get_id(); });
  }

  /// A job that says where it ran.
  fake_job::function tell_thread(resumable::resume_result result) {
    return [this, result](caf::execution_unit* unit) {
      unit_is_loop = unit == &home;
      on_loop = std::this_thread::get_id() == loop_thread;
      ++runs;
      return result;
    };
  }

  /// As CAF does it: the unit gets a reference.
  void hand_over(fake_job& job) {
    job.intrusive_ptr_add_ref_impl();
    home.exec_later(&job);
  }

  bool ran(int count) {
    return holds_soon([this, count] { return runs == count; });
  }

  /// Whether functions, timers, actors, output and what was put off all get
  /// their turn.
  bool serves_all() {
    std::atomic<int> served{0};
    auto serve = [&served] { ++served; };
    fake_timer soon;
    soon.what = serve;
    fake_task work;
    work.at_flush = work.at_go_on = serve;
    fake_job job{[&](caf::execution_unit*) {
      serve();
      return resumable::done;
    }};
    home.call([&] {
      serve();
      home.set_timer(soon, home.now() + 1ms);
      home.flush_later(work);
      home.go_on_later(work);
      hand_over(job);
    });
    auto result = holds_soon([&] { return served == 5; });
    home.call([&] { // they end here
      home.forget(work);
      home.set_timer(soon, time_point::max());
    });
    return result && holds_soon([&] { return job.references == 0; });
  }

  std::thread::id loop_thread;
  std::atomic<int> runs{0};
  std::atomic<bool> on_loop{false};
  std::atomic<bool> unit_is_loop{false};
};

} // namespace wsrelay::test
