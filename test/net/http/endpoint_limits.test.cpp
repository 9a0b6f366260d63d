// How many WebSockets an endpoint has.
#include "net/http/endpoint_limits.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace wsrelay::endpoint_limits_test {

namespace {

/// Endpoints with so many WebSockets at most.
std::vector<endpoint_config> with_limits(std::initializer_list<int> limits) {
  std::vector<endpoint_config> result;
  for (auto each : limits) {
    auto& added = result.emplace_back();
    added.name = std::to_string(result.size());
    added.max_connections = static_cast<std::size_t>(each);
  }
  return result;
}

} // namespace

TEST_CASE("an endpoint has so many WebSockets, and not one more") {
  for (int max : {1, 2, 3, 100}) {
    CAPTURE(max);
    auto endpoints = with_limits({max});
    endpoint_counts counts;
    endpoint_limits limits{counts};
    std::vector<endpoint_place> places;
    for (auto i = 0; i < max; ++i) {
      CHECK(limits.take(endpoints[0], places.emplace_back()));
      CHECK(static_cast<bool>(places.back()));
    }
    endpoint_place next;
    for (auto i = 0; i < 3; ++i)
      CHECK_FALSE(limits.take(endpoints[0], next));
    CHECK_FALSE(static_cast<bool>(next));
    places.pop_back();
    CHECK(limits.take(endpoints[0], next));
    CHECK_FALSE(limits.take(endpoints[0], places.emplace_back()));
  }
}

TEST_CASE("an endpoint without a limit has no places") {
  auto endpoints = with_limits({1, 0});
  endpoint_counts counts;
  endpoint_limits limits{counts};
  for (auto i = 0; i < 1'000; ++i) {
    endpoint_place place;
    CHECK(limits.take(endpoints[1], place));
    CHECK_FALSE(static_cast<bool>(place));
  }
}

TEST_CASE("endpoints have limits of their own, also equal ones") {
  auto endpoints = with_limits({1, 1});
  endpoint_counts counts;
  endpoint_limits limits{counts};
  endpoint_place a, b, c;
  CHECK(limits.take(endpoints[0], a));
  CHECK(limits.take(endpoints[1], b));
  CHECK_FALSE(limits.take(endpoints[0], c));
  CHECK_FALSE(limits.take(endpoints[1], c));
}

TEST_CASE("a place that was moved is given back once") {
  auto endpoints = with_limits({1});
  endpoint_counts counts;
  endpoint_limits limits{counts};
  endpoint_place next;
  {
    endpoint_place a;
    CHECK(limits.take(endpoints[0], a));
    auto b = std::move(a);
    CHECK_FALSE(static_cast<bool>(a));
    CHECK(static_cast<bool>(b));
    endpoint_place c;
    c = std::move(b);
    CHECK_FALSE(static_cast<bool>(b));
    CHECK_FALSE(limits.take(endpoints[0], next));
  }
  CHECK(limits.take(endpoints[0], next));
  next = endpoint_place{};
  CHECK(limits.take(endpoints[0], next));
}

TEST_CASE("a place that is replaced is given back, and the new one kept") {
  auto endpoints = with_limits({1, 1});
  endpoint_counts counts;
  endpoint_limits limits{counts};
  endpoint_place place, next;
  CHECK(limits.take(endpoints[0], place));
  CHECK(limits.take(endpoints[1], place));
  CHECK_FALSE(limits.take(endpoints[1], next));
  CHECK(limits.take(endpoints[0], next));
}

TEST_CASE("WebSockets on several threads all leave their endpoint") {
  auto endpoints = with_limits({2});
  endpoint_counts counts;
  endpoint_limits limits{counts};
  std::vector<std::thread> threads;
  std::atomic<int> open{0};
  std::atomic<bool> too_many{false};
  for (auto i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (auto k = 0; k < 10'000; ++k) {
        endpoint_place place;
        if (!limits.take(endpoints[0], place))
          continue;
        if (++open > 2)
          too_many = true;
        --open;
      }
    });
  for (auto& each : threads)
    each.join();
  CHECK_FALSE(too_many);
  endpoint_place a, b, c;
  CHECK(limits.take(endpoints[0], a));
  CHECK(limits.take(endpoints[0], b));
  CHECK_FALSE(limits.take(endpoints[0], c));
}

} // namespace wsrelay::endpoint_limits_test
