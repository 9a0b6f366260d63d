// How much waits for another node, and who is told.
#include "net/cluster/node_load.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace wsrelay::node_load_test {

namespace {

constexpr auto cost = node_load::message_cost;

struct fixture {
  fixture() { load.set_limit(40 * cost); }

  node_load load{caf::node_id{}};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "it is high from more than half of the limit on, "
                           "until it is a quarter") {
  load.set_waiting(20 * cost);
  CHECK_FALSE(load.is_high());
  load.set_waiting(20 * cost + 1);
  CHECK(load.is_high());
  load.set_waiting(10 * cost + 1);
  CHECK_FALSE(load.falls());
  CHECK(load.is_high());
  load.set_waiting(10 * cost);
  CHECK(load.is_high());
  CHECK(load.falls());
  CHECK_FALSE(load.is_high());
  CHECK_FALSE(load.falls());
}

TEST_CASE_FIXTURE(fixture, "messages count on their way to the broker, with "
                           "what they cost, and on the connection") {
  for (int i = 0; i < 10; ++i)
    load.add(cost);
  CHECK_FALSE(load.is_high());
  load.set_waiting(1);
  CHECK(load.is_high());
  for (int i = 0; i < 5; ++i)
    load.take(cost);
  CHECK_FALSE(load.falls());
  load.set_waiting(0);
  CHECK(load.falls());
}

TEST_CASE("without a limit nothing is much") {
  node_load load{caf::node_id{}};
  load.add(std::size_t{1} << 50);
  CHECK_FALSE(load.is_high());
}

TEST_CASE_FIXTURE(fixture, "who finds it high is told when it falls, whatever "
                           "others do meanwhile") {
  // Each waits until it is low, which only `falls` says: one that was forgotten
  // would wait for ever.
  constexpr int count = 4, rounds = 20'000;
  std::atomic<int> told{0}, done{0};
  std::atomic<std::size_t> queued{0};
  std::vector<std::thread> others;
  for (int i = 0; i < count; ++i)
    others.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        auto before = told.load();
        if (load.is_high())
          told.wait(before);
        load.add(cost * 5);
        ++queued;
      }
      ++done;
    });
  while (done < count || queued > 0) {
    if (queued > 0) {
      --queued;
      load.take(cost * 5);
    }
    if (load.falls()) {
      ++told;
      told.notify_all();
    }
  }
  for (auto& each : others)
    each.join();
  CHECK_FALSE(load.is_high());
}

} // namespace wsrelay::node_load_test
