// Limits by address under floods, and on several threads.
#include "test/net/http/address_limits_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>

namespace wsrelay::address_limits_flood_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view someone = "192.0.2.1";
constexpr std::size_t flood = 100'000;

/// The `i`-th of a hundred million /64s.
std::string network(std::size_t i) {
  return "2001:db8:" + std::to_string(i / 10'000) + ":"
         + std::to_string(i % 10'000) + "::1";
}

} // namespace

// -- many addresses -----------------------------------------------------------

TEST_CASE("a flood of networks makes it forget no place") {
  limited on{
      {.connections = 2, .connects = 2, .burst = 1s, .max_addresses = 1024}};
  CHECK(on.connects(someone, 2) == 2);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < flood; ++i)
    refused += on.connect(network(i)) ? 0 : 1;
  CHECK(refused == 0); // each is somebody else
  CHECK(on.places.size() == flood + 2);
  CHECK(on.all->open_addresses() == flood + 1);
  on.now += 1h;
  CHECK_FALSE(on.connect(someone));
  CHECK(on.counts.address_connections == 1);
  for (std::size_t i : {std::size_t{0}, flood / 2, flood - 1}) {
    CHECK(on.connect(network(i)));
    CHECK_FALSE(on.connect(network(i)));
  }
  on.places.clear();
  CHECK(on.all->open_addresses() == 0);
}

TEST_CASE("behind a flood a new address has its own rate") {
  limited on{
      {.connects = 2, .requests = 3, .burst = 1s, .max_addresses = 1024}};
  for (std::size_t i = 0; i < flood; ++i) {
    on.connect(network(i));
    on.request(network(i));
  }
  CHECK(on.refused() == 0);
  CHECK(on.connects(someone) == 2);
  CHECK(on.requests(someone) == 3);
  CHECK(on.refused() == 2);
  on.now += 500ms;
  CHECK(on.connects(someone) == 1);
  CHECK(on.all->open_addresses() == 0);
}

// Else a few more networks would be a way around every rate.
TEST_CASE("a flood does not give back what the most active has used") {
  limited on{{.requests = 10, .burst = 1s, .max_addresses = 1024}};
  CHECK(on.requests(someone) == 10);
  for (std::size_t i = 0; i < flood; ++i)
    on.request(network(i));
  CHECK_FALSE(on.request(someone));
  on.now += 100ms;
  CHECK(on.requests(someone) == 1);
}

TEST_CASE("as many addresses as are to be remembered mostly are") {
  for (std::size_t max : {1024, 4096}) {
    CAPTURE(max);
    limited on{{.requests = 1, .burst = 1s, .max_addresses = max}};
    auto count = max / 4; // they do not fall evenly into their sets
    for (std::size_t i = 0; i < count; ++i)
      CHECK(on.request(network(i)));
    std::size_t forgotten = 0;
    for (std::size_t i = 0; i < count; ++i)
      forgotten += on.request(network(i)) ? 1 : 0;
    CHECK(forgotten < count / 10);
  }
}

TEST_CASE("one address to be remembered is enough to work") {
  for (std::size_t max : {1, 127, 128, 129}) {
    CAPTURE(max);
    limited on{{.requests = 2, .burst = 1s, .max_addresses = max}};
    for (std::size_t i = 0; i < 1000; ++i)
      CHECK(on.requests(network(i)) == 2);
  }
}

// -- many threads -------------------------------------------------------------

TEST_CASE("places on several threads are never too many, and all come back") {
  constexpr std::size_t max = 3;
  struct tally {
    std::atomic<std::size_t> open{0};
    std::atomic<std::size_t> most{0};

    void begin() {
      auto now = ++open;
      auto before = most.load();
      while (before < now && !most.compare_exchange_weak(before, now)) {
      }
    }
  };
  limited on{{.connections = max}};
  std::array<tally, 4> tallies;
  std::atomic<std::size_t> let_in{0};
  auto work = [&](std::size_t seed) {
    for (std::size_t i = 0; i < 5'000; ++i) {
      auto& mine = tallies[(i + seed) % tallies.size()];
      auto address = network((i + seed) % tallies.size());
      std::array<address_place, 2> places;
      for (auto& place : places)
        if (!on.all->connect(address, on.now, place))
          mine.begin();
      for (auto& place : places)
        if (place) { // it is counted no longer than it is there
          --mine.open;
          ++let_in;
          place = address_place{};
        }
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i)
    threads.emplace_back(work, i);
  for (auto& each : threads)
    each.join();
  for (auto& each : tallies) {
    CHECK(each.most <= max);
    CHECK(each.open == 0);
  }
  CHECK(on.all->open_addresses() == 0);
  CHECK(let_in + on.counts.address_connections == 4 * 5'000 * 2);
  CHECK(on.connects(network(0)) == max);
}

TEST_CASE("tokens on several threads are the burst, and not one more") {
  limited on{{.requests = 1'000, .burst = 1s, .max_addresses = 1024}};
  std::atomic<std::size_t> let_in{0};
  std::vector<std::thread> threads;
  for (auto i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (auto k = 0; k < 500; ++k)
        let_in += on.all->request(someone, on.now) ? 0 : 1;
    });
  for (auto& each : threads)
    each.join();
  CHECK(let_in == 1'000);
  CHECK(on.counts.address_requests == 1'000);
}

} // namespace wsrelay::address_limits_flood_test
