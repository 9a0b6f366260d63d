// Targets that hold a loop.
#include "net/loop/slow_targets.hpp"

#include "test/net/loop/fake_job.hpp"

#include <doctest/doctest.h>

#include <time.h>

#include <chrono>
#include <thread>

namespace wsrelay::slow_targets_test {

using namespace std::chrono_literals;
using test::fake_job;

namespace {

// Far above what a busy machine takes away from a quick run.
constexpr auto budget = 100ms;

void block() {
  std::this_thread::sleep_for(budget + 10ms);
}

std::chrono::nanoseconds processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec}
         + std::chrono::nanoseconds{time.tv_nsec};
}

// By the processor's account: on a busy machine the wall's says little.
void compute() {
  auto end = processor_time() + budget + 10ms;
  while (processor_time() < end)
    continue;
}

void be_quick() {}

struct fixture {
  void run(void (*how)()) {
    now = how;
    auto result = targets.run(job, nullptr, 10);
    CHECK(result == caf::resumable::awaiting_message);
  }

  bool is_slow() const { return targets.contains(job); }

  void (*now)() = be_quick;
  fake_job job{[this](caf::execution_unit*) {
    now();
    return caf::resumable::awaiting_message;
  }};
  slow_targets targets{budget};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a target that blocks twice is slow") {
  run(block);
  CHECK(!is_slow()); // it may have been the kernel
  run(block);
  CHECK(is_slow());
}

TEST_CASE_FIXTURE(fixture, "a target that computes for long is slow") {
  run(compute);
  run(compute);
  CHECK(is_slow());
}

TEST_CASE_FIXTURE(fixture, "a quick target is never slow") {
  for (int i = 0; i < 100'000; ++i)
    run(be_quick);
  CHECK(!is_slow());
}

TEST_CASE_FIXTURE(fixture, "a suspect is found after some quick runs, too") {
  run(block);
  for (int i = 0; i < 15; ++i)
    run(be_quick);
  run(block);
  CHECK(is_slow());
}

TEST_CASE_FIXTURE(fixture, "sixteen quick runs clear a suspect") {
  run(block);
  for (int i = 0; i < 16; ++i)
    run(be_quick);
  run(block);
  CHECK(!is_slow());
}

TEST_CASE_FIXTURE(fixture, "a slow target stays slow") {
  run(block);
  run(block);
  for (int i = 0; i < 100; ++i)
    run(be_quick);
  CHECK(is_slow());
}

} // namespace wsrelay::slow_targets_test
