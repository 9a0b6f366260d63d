// Timers by deadline.
#include "net/loop/loop_timer.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <vector>

namespace wsrelay::loop_timers_test {

using namespace std::chrono_literals;

namespace {

struct timer final : loop_timer {
  explicit timer(std::function<void()> what) : what{std::move(what)} {}
  void on_timer() override { what(); }
  std::function<void()> what;
};

struct fixture {
  timer make(int number) {
    return timer{[this, number] { fired.push_back(number); }};
  }
  time_point at(milliseconds after) const { return time_point{} + 1h + after; }

  loop_timers timers;
  std::vector<int> fired;
};

using numbers = std::vector<int>;

} // namespace

TEST_CASE_FIXTURE(fixture, "timers fire in the order of their deadlines") {
  auto a = make(1), b = make(2), c = make(3);
  timers.set(c, at(30ms));
  timers.set(a, at(10ms));
  timers.set(b, at(20ms));
  CHECK(timers.next() == at(10ms));
  timers.fire(at(40ms));
  CHECK(fired == numbers{1, 2, 3});
  CHECK(timers.next() == time_point::max());
}

TEST_CASE_FIXTURE(fixture, "a timer fires at its deadline, not before, and "
                           "once") {
  auto a = make(1);
  timers.set(a, at(10ms));
  timers.fire(at(5ms));
  timers.fire(at(10ms) - 1ns);
  CHECK(fired.empty());
  timers.fire(at(10ms));
  timers.fire(at(20ms));
  CHECK(fired == numbers{1});
}

TEST_CASE_FIXTURE(fixture, "timers with one deadline fire as they were set") {
  auto a = make(1), b = make(2);
  timers.set(a, at(10ms));
  timers.set(b, at(10ms));
  timers.fire(at(10ms));
  CHECK(fired == numbers{1, 2});
}

TEST_CASE_FIXTURE(fixture, "a timer that is set again is moved") {
  auto a = make(1), b = make(2);
  timers.set(a, at(10ms));
  timers.set(b, at(20ms));
  timers.set(a, at(30ms));
  CHECK(timers.next() == at(20ms));
  timers.fire(at(30ms));
  CHECK(fired == numbers{2, 1});
}

TEST_CASE_FIXTURE(fixture, "a cancelled timer does not fire") {
  auto a = make(1);
  timers.set(a, at(10ms));
  timers.set(a, time_point::max());
  CHECK(timers.next() == time_point::max());
  timers.fire(at(1h));
  CHECK(fired.empty());
}

TEST_CASE_FIXTURE(fixture, "a destroyed timer has left") {
  auto a = std::make_unique<timer>([this] { fired.push_back(1); });
  auto b = make(2);
  timers.set(*a, at(10ms));
  timers.set(b, at(20ms));
  a.reset();
  CHECK(timers.next() == at(20ms));
  timers.fire(at(20ms));
  CHECK(fired == numbers{2});
}

TEST_CASE_FIXTURE(fixture, "a timer may set itself and others, and destroy "
                           "them") {
  auto doomed = std::make_unique<timer>([this] { fired.push_back(9); });
  timer other{[this] { fired.push_back(2); }};
  timer again{[&, count = 0]() mutable {
    fired.push_back(1);
    doomed.reset();
    if (++count == 1)
      timers.set(again, at(20ms));
    timers.set(other, at(30ms));
  }};
  timers.set(again, at(10ms));
  timers.set(*doomed, at(15ms));
  timers.fire(at(25ms));
  CHECK(fired == numbers{1, 1});
  timers.fire(at(30ms));
  CHECK(fired == numbers{1, 1, 2});
}

TEST_CASE("a coarse deadline is never early and at most a 128th late") {
  using namespace std::chrono_literals;
  time_point now{123'456'789'123ns};
  CHECK(to_coarse(now, time_point::max()) == time_point::max());
  CHECK(to_coarse(now, now + 127ms) == now + 127ms); // too short to share
  for (auto delay : {128ms, 129ms, 1000ms, 25'000ms, 3'600'000ms}) {
    CAPTURE(delay.count());
    auto late = to_coarse(now, now + delay) - (now + delay);
    CHECK(late >= 0ns);
    CHECK(late < std::min<std::chrono::nanoseconds>(delay / 128, 128ms));
  }
}

TEST_CASE("deadlines that are close share one") {
  using namespace std::chrono_literals;
  time_point now{1'000'000'000'123ns};
  auto first = to_coarse(now, now + 30s);
  CHECK(to_coarse(now, now + 30s + 1ns) == first);
  CHECK(to_coarse(now + 10ms, now + 10ms + 30s) == first);
  CHECK(first.time_since_epoch() % 128ms == 0ns);
}

} // namespace wsrelay::loop_timers_test
