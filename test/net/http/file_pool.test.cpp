// The threads that touch files.
#include "net/http/file_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <new>
#include <thread>
#include <vector>

namespace wsrelay::file_pool_test {

namespace {

constexpr std::chrono::seconds deadline{20};
constexpr auto at_once = file_pool::time_point::min();
constexpr auto never = file_pool::time_point::max();

// Waits for it.
template <class T>
T value_of(std::future<T> from) {
  REQUIRE(from.wait_for(deadline) == std::future_status::ready);
  return from.get();
}

// A pool of one thread that is held until the test lets it go.
struct held_pool {
  explicit held_pool(std::size_t max_waiting) : pool{1, max_waiting} {
    REQUIRE(pool.run([this](bool) {
      begun.set_value();
      go.get_future().wait();
    }));
    REQUIRE(begun.get_future().wait_for(deadline) == std::future_status::ready);
  }

  std::promise<void> begun;
  std::promise<void> go;
  file_pool pool;
};

} // namespace

TEST_CASE("a job runs on a thread of the pool") {
  file_pool pool;
  std::promise<std::thread::id> done;
  auto found = done.get_future();
  REQUIRE(pool.try_run([&](bool runs) {
    CHECK(runs);
    done.set_value(std::this_thread::get_id());
  }));
  CHECK(value_of(std::move(found)) != std::this_thread::get_id());
}

TEST_CASE("the pool's threads run jobs at the same time") {
  file_pool pool{2};
  std::promise<void> first;
  std::promise<void> second;
  auto first_done = first.get_future();
  auto second_done = second.get_future();
  std::promise<bool> met;
  auto result = met.get_future();
  REQUIRE(pool.run([&](bool) {
    first.set_value();
    met.set_value(second_done.wait_for(deadline) == std::future_status::ready);
  }));
  REQUIRE(pool.run([&](bool) {
    if (first_done.wait_for(deadline) == std::future_status::ready)
      second.set_value();
  }));
  CHECK(value_of(std::move(result)));
}

TEST_CASE("what begins is refused when too much waits, what goes on is not") {
  std::atomic<int> ran{0};
  auto count = [&ran](bool runs) { ran += runs ? 1 : 0; };
  {
    held_pool held{2};
    CHECK(held.pool.try_run(count));
    CHECK(held.pool.run(count));
    CHECK(held.pool.try_run(count));
    CHECK_FALSE(held.pool.try_run(count));
    CHECK(held.pool.run(count));
    // All of it runs, in order, before this.
    std::promise<void> last;
    auto done = last.get_future();
    REQUIRE(held.pool.run([&](bool) { last.set_value(); }));
    held.go.set_value();
    REQUIRE(done.wait_for(deadline) == std::future_status::ready);
    CHECK(ran == 4);
    CHECK(held.pool.try_run(count));
  }
}

TEST_CASE("a pool that stops tells those that wait and refuses what comes") {
  held_pool held{8};
  int told = 0;
  auto self = std::this_thread::get_id();
  for (int i = 0; i < 3; ++i)
    REQUIRE(held.pool.try_run([&](bool runs) {
      CHECK_FALSE(runs);
      CHECK(std::this_thread::get_id() == self);
      ++told;
    }));
  // The job that runs is let go only once the stop has taken the others.
  std::thread helper{[&] {
    while (held.pool.run([](bool) {}))
      std::this_thread::yield();
    held.go.set_value();
  }};
  held.pool.stop(never);
  helper.join();
  CHECK(told == 3);
  CHECK_FALSE(held.pool.run([](bool) {}));
  CHECK_FALSE(held.pool.try_run([](bool) {}));
  held.pool.stop(never);
}

TEST_CASE("a pool that stops leaves a job that does not end in time") {
  struct signs {
    std::promise<void> begun;
    std::promise<void> go;
    std::promise<void> ended;
  };
  auto seen = std::make_shared<signs>();
  auto told = 0;
  {
    file_pool pool{1};
    REQUIRE(pool.run([seen](bool) {
      seen->begun.set_value();
      seen->go.get_future().wait();
      seen->ended.set_value();
    }));
    value_of(seen->begun.get_future());
    REQUIRE(pool.run([&told](bool runs) { told += runs ? 0 : 1; }));
    pool.stop(at_once);
    CHECK(told == 1);
    CHECK_FALSE(pool.run([](bool) {}));
    pool.stop(never); // nor does this wait, nor the pool's end
  }
  seen->go.set_value();
  value_of(seen->ended.get_future());
}

TEST_CASE("a job that is cancelled is destroyed, uncalled") {
  held_pool held{8};
  std::vector<int> ran;
  auto token = std::make_shared<int>();
  auto add = [&](int number) {
    return held.pool.run(
        [&ran, number, token](bool) { ran.push_back(number); });
  };
  auto first = add(1);
  auto second = add(2);
  auto third = add(3);
  CHECK(first != second);
  held.pool.cancel(second);
  CHECK(token.use_count() == 3);
  held.pool.cancel(second);
  held.pool.cancel(0);
  std::promise<void> last;
  REQUIRE(held.pool.run([&](bool) { last.set_value(); }));
  held.go.set_value();
  value_of(last.get_future());
  CHECK(ran == std::vector{1, 3});
  held.pool.cancel(third); // it is done
}

TEST_CASE("a job that is cancelled gives its place back at once") {
  held_pool held{2};
  auto nothing = [](bool) {};
  auto first = held.pool.try_run(nothing);
  REQUIRE(held.pool.try_run(nothing));
  auto more = held.pool.run(nothing);
  CHECK_FALSE(held.pool.try_run(nothing));
  held.pool.cancel(more); // had none
  CHECK_FALSE(held.pool.try_run(nothing));
  held.pool.cancel(first);
  held.pool.cancel(first);
  CHECK(held.pool.try_run(nothing));
  CHECK_FALSE(held.pool.try_run(nothing));
  held.go.set_value();
}

TEST_CASE("a pool that was never used stops") {
  file_pool pool;
  pool.stop(never);
  CHECK_FALSE(pool.run([](bool) {}));
}

TEST_CASE("a job that finds no memory does not end the pool") {
  file_pool pool{1};
  std::promise<bool> done;
  auto found = done.get_future();
  REQUIRE(pool.run([](bool) { throw std::bad_alloc{}; }));
  REQUIRE(pool.run([&](bool runs) { done.set_value(runs); }));
  CHECK(value_of(std::move(found)));
}

TEST_CASE("a pool without threads refuses") {
  file_pool pool{0};
  CHECK_FALSE(pool.run([](bool) {}));
  CHECK_FALSE(pool.try_run([](bool) {}));
}

} // namespace wsrelay::file_pool_test
