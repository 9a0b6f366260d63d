// One thread for sockets and actors: what runs there, and what its end leaves.
#include "net/loop/loop.hpp"

#include "test/net/loop/job_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

namespace wsrelay::loop_test {

using namespace wsrelay::test;
using fixture = job_fixture;

namespace {

// Something the node closes when it stops.
struct droppable final : open_socket {
  explicit droppable(bool idle = false) : idle{idle} {}

  void abort() override {
    ++aborts;
    if (then)
      then();
  }
  bool is_idle() const override { return idle; }

  bool idle;
  int aborts = 0;
  std::function<void()> then;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "posted functions run in order on the loop's "
                           "thread") {
  std::vector<int> order;
  for (int i = 0; i < 100; ++i)
    home.post([&order, i] { order.push_back(i); });
  auto seen = home.call([&] { return order; });
  REQUIRE(seen.size() == 100);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(loop_thread != std::this_thread::get_id());
}

TEST_CASE_FIXTURE(fixture, "whoever calls a function on the loop gets what it "
                           "returns or throws") {
  CHECK(home.call([] { return std::this_thread::get_id(); }) == loop_thread);
  auto fail = [] { throw std::runtime_error{"called"}; };
  CHECK_THROWS_WITH(home.call(fail), "called");
  CHECK(serves_all());
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
  home.call([&] { hand_over(job); });
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
  fake_timer soon;
  soon.what = [fired] { fired->set_value(); };
  home.call([&] { home.set_timer(soon, home.now() + 1ms); });
  CHECK(fired->get_future().wait_for(patience) == std::future_status::ready);
  enough = true;
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a target that was found slow goes to the "
                           "scheduler") {
  loop quick{system, 1ms};
  quick.start("quick");
  auto quick_thread = quick.call([] { return std::this_thread::get_id(); });
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
  std::array<fake_timer, 3> timers;
  std::vector<int> order;
  auto done = std::make_shared<std::promise<void>>();
  for (int i = 0; i < 3; ++i)
    timers[i].what = [&order, i, done] {
      order.push_back(i);
      if (order.size() == 3)
        done->set_value();
    };
  home.call([&] {
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

// -- the end ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "idle sockets are dropped alone, or all of them") {
  droppable idle{true}, busy{false};
  home.call([&] {
    home.add(idle);
    home.add(busy);
    home.abort_sockets(true);
  });
  CHECK(idle.aborts == 1);
  CHECK(busy.aborts == 0);
  home.call([&] { home.abort_sockets(false); });
  CHECK(idle.aborts == 2); // it stayed in the list
  CHECK(busy.aborts == 1);
  home.call([&] {
    idle.unlink();
    busy.unlink();
    home.abort_sockets(false);
  });
  CHECK(idle.aborts == 2);
  CHECK(busy.aborts == 1);
}

TEST_CASE_FIXTURE(fixture, "a socket may end when it is dropped") {
  auto doomed = std::make_unique<droppable>();
  droppable other;
  int dropped = 0;
  doomed->then = [&] { ++dropped; };
  other.then = [&] { other.unlink(); };
  home.call([&] {
    home.add(*doomed);
    home.add(other);
    home.abort_sockets(false);
    doomed.reset();
    home.abort_sockets(false);
  });
  CHECK(dropped == 1);
  CHECK(other.aborts == 1);
}

TEST_CASE_FIXTURE(fixture, "a socket that is dropped may end others") {
  auto first = std::make_unique<droppable>();
  auto last = std::make_unique<droppable>();
  droppable middle;
  middle.then = [&] {
    first.reset();
    last.reset();
  };
  home.call([&] {
    home.add(*first);
    home.add(middle);
    home.add(*last);
    home.abort_sockets(false);
    home.abort_sockets(false);
    middle.unlink();
  });
  CHECK(middle.aborts == 2);
}

TEST_CASE_FIXTURE(fixture, "a loop that stops drops its sockets, and goes on "
                           "with what they put off") {
  droppable socket;
  bool gone_on = false;
  bool dropped_on_loop = false;
  fake_task work;
  work.at_go_on = [&] { gone_on = true; };
  socket.then = [&] {
    dropped_on_loop = std::this_thread::get_id() == loop_thread;
    socket.unlink();
    home.go_on_later(work);
  };
  home.call([&] { home.add(socket); });
  home.stop();
  CHECK(socket.aborts == 1);
  CHECK(dropped_on_loop);
  CHECK(gone_on);
}

} // namespace wsrelay::loop_test
