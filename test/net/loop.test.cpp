// One thread for sockets and actors.
#include "net/loop.hpp"

#include "test/net/fake_job.hpp"
#include "test/net/support.hpp"

#include <doctest/doctest.h>

using namespace wsrelay;
using namespace wsrelay::test;
using caf::resumable;

namespace {

struct fixture : loop_fixture {
  fixture() {
    loop_thread = run_on(home, [] { return std::this_thread::get_id(); });
  }

  // A job that says where it ran.
  fake_job::function tell_thread(resumable::resume_result result) {
    return [this, result](caf::execution_unit* unit) {
      unit_is_loop = unit == &home;
      on_loop = std::this_thread::get_id() == loop_thread;
      ++runs;
      return result;
    };
  }

  // As CAF does it: the unit gets a reference.
  void hand_over(fake_job& job) {
    job.intrusive_ptr_add_ref_impl();
    home.exec_later(&job);
  }

  bool ran(int count) {
    return holds_soon([this, count] { return runs == count; });
  }

  std::thread::id loop_thread;
  std::atomic<int> runs{0};
  std::atomic<bool> on_loop{false};
  std::atomic<bool> unit_is_loop{false};
};

struct timer final : loop_timer {
  void on_timer() override { what(); }
  std::function<void()> what;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "posted functions run in order on the loop's "
                           "thread") {
  std::vector<int> order;
  for (int i = 0; i < 100; ++i)
    home.post([&order, i] { order.push_back(i); });
  auto seen = run_on(home, [&] { return order; });
  REQUIRE(seen.size() == 100);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(loop_thread != std::this_thread::get_id());
}

TEST_CASE_FIXTURE(fixture, "a job from another thread runs on the loop") {
  fake_job job{tell_thread(resumable::awaiting_message), resumable::io_actor};
  hand_over(job);
  REQUIRE(ran(1));
  CHECK(on_loop);
  CHECK(unit_is_loop);
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a target that becomes ready on the loop runs "
                           "there") {
  fake_job job{tell_thread(resumable::awaiting_message)};
  run_on(home, [&] { hand_over(job); });
  REQUIRE(ran(1));
  CHECK(on_loop);
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a job that has more to do runs again") {
  fake_job job{[this](caf::execution_unit*) {
    return ++runs < 5 ? resumable::resume_later : resumable::done;
  }};
  hand_over(job);
  CHECK(ran(5));
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a job that always has more to do starves nobody") {
  std::atomic<bool> enough{false};
  fake_job job{[&enough](caf::execution_unit*) {
    return enough ? resumable::done : resumable::resume_later;
  }};
  hand_over(job);
  auto fired = std::make_shared<std::promise<void>>();
  timer soon;
  soon.what = [fired] { fired->set_value(); };
  run_on(home, [&] { home.set_timer(soon, home.now() + 1ms); });
  CHECK(fired->get_future().wait_for(patience) == std::future_status::ready);
  enough = true;
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a target that was found slow goes to the "
                           "scheduler") {
  loop quick{system, 1ms};
  quick.start("quick");
  auto quick_thread = run_on(quick, [] { return std::this_thread::get_id(); });
  std::atomic<bool> was_on_loop{true};
  fake_job job{[&](caf::execution_unit*) {
    was_on_loop = std::this_thread::get_id() == quick_thread;
    std::this_thread::sleep_for(5ms);
    ++runs;
    return resumable::awaiting_message;
  }};
  for (int i = 1; i <= 3; ++i) {
    job.intrusive_ptr_add_ref_impl();
    quick.exec_later(&job);
    REQUIRE(ran(i));
  }
  CHECK(!was_on_loop);
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "timers fire on the loop, in order") {
  std::array<timer, 3> timers;
  std::vector<int> order;
  auto done = std::make_shared<std::promise<void>>();
  for (int i = 0; i < 3; ++i)
    timers[i].what = [&order, i, done] {
      order.push_back(i);
      if (order.size() == 3)
        done->set_value();
    };
  run_on(home, [&] {
    auto now = home.now();
    home.set_timer(timers[2], now + 3ms);
    home.set_timer(timers[0], now + 1ms);
    home.set_timer(timers[1], now + 2ms);
  });
  REQUIRE(done->get_future().wait_for(patience) == std::future_status::ready);
  CHECK(order == std::vector<int>{0, 1, 2});
}

TEST_CASE_FIXTURE(fixture, "a loop that is stopped leaves its jobs to the "
                           "scheduler") {
  fake_job job{[this](caf::execution_unit*) {
    ++runs;
    on_loop = std::this_thread::get_id() == loop_thread;
    return on_loop ? resumable::resume_later : resumable::done;
  }};
  hand_over(job);
  REQUIRE(holds_soon([this] { return runs > 0; }));
  home.stop();
  CHECK(holds_soon([&] { return job.references == 0; }));
  CHECK(!on_loop);
}

TEST_CASE_FIXTURE(fixture, "a job for a loop that has stopped runs on the "
                           "scheduler") {
  home.stop();
  fake_job job{tell_thread(resumable::awaiting_message)};
  hand_over(job);
  REQUIRE(ran(1));
  CHECK(!on_loop);
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a loop stops twice, and without a start") {
  home.stop();
  home.stop();
  loop never{system, 1ms};
  never.stop();
}
