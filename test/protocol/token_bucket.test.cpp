// Tokens at points in time that the test chooses.
#include "protocol/token_bucket.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <utility>

namespace wsrelay::token_bucket_test {

using namespace std::chrono_literals;
using time_point = token_bucket::time_point;

namespace {

constexpr time_point start{24h};
constexpr token_rate ten{10, 1s}; // one in 100 ms

/// Takes one after the other, and returns how many there were.
std::size_t take_all(token_bucket& bucket, const token_rate& rate,
                     time_point now) {
  std::size_t count = 0;
  while (bucket.try_take(rate, now))
    ++count;
  return count;
}

/// As `take_all` from a new one.
std::size_t at_once(const token_rate& rate, time_point now = start) {
  token_bucket bucket;
  return take_all(bucket, rate, now);
}

/// One from which everything was taken at `start`.
token_bucket empty_one(const token_rate& rate) {
  token_bucket bucket;
  take_all(bucket, rate, start);
  return bucket;
}

} // namespace

// -- the burst ----------------------------------------------------------------

TEST_CASE("a new one gives its burst at once, and not one more") {
  CHECK(at_once(ten) == 10);
  CHECK(at_once({10, 2s}) == 20);
  CHECK(at_once({1, 1s}) == 1);
  CHECK(at_once({1, 5s}) == 5);
  CHECK(at_once({0.5, 10s}) == 5);
  CHECK(at_once({1'000'000, 1ms}) == 1000);
}

TEST_CASE("a new one is full also at the beginning of the clock") {
  CHECK(at_once(ten, time_point{}) == 10);
}

TEST_CASE("a part of one is none") {
  CHECK(at_once({4, 750ms - 1ns}) == 2);
  CHECK(at_once({4, 750ms}) == 3);
  CHECK(at_once({4, 1s - 1ns}) == 3);
}

TEST_CASE("a rate that is no whole number of nanoseconds loses nothing") {
  CHECK(at_once({3, 1s}) == 3);
  CHECK(at_once({7, 1s}) == 7);
  CHECK(at_once({7, 5s}) == 35);
}

TEST_CASE("a burst below one lets one through all the same") {
  for (auto burst : {-1ns, 0ns, 1ns, 999'999'999ns}) {
    CAPTURE(burst.count());
    const token_rate rate{1, burst};
    CHECK(rate.depth() == 1s);
    auto bucket = empty_one(rate);
    CHECK_FALSE(bucket.try_take(rate, start));
    CHECK_FALSE(bucket.try_take(rate, start + 1s - 1ns));
    CHECK(bucket.try_take(rate, start + 1s));
    CHECK_FALSE(bucket.try_take(rate, start + 1s));
  }
  CHECK(at_once({1, 1ns}) == 1);
  CHECK(token_rate{1, 1s + 1ns}.depth() == 1s + 1ns);
}

// -- time passes --------------------------------------------------------------

TEST_CASE("what was taken comes back one by one, not a nanosecond before") {
  auto bucket = empty_one(ten);
  for (auto i = 1; i <= 30; ++i) {
    CAPTURE(i);
    auto due = start + i * 100ms;
    CHECK_FALSE(bucket.try_take(ten, due - 1ns));
    CHECK(bucket.try_take(ten, due));
    CHECK_FALSE(bucket.try_take(ten, due));
  }
}

TEST_CASE("several come back when more time has passed") {
  auto bucket = empty_one(ten);
  CHECK(take_all(bucket, ten, start + 300ms - 1ns) == 2);
  CHECK(take_all(bucket, ten, start + 300ms) == 1);
  CHECK(take_all(bucket, ten, start + 750ms) == 4);
  CHECK(take_all(bucket, ten, start + 800ms) == 1); // the half one counted
}

TEST_CASE("it is full again after its burst, and never has more") {
  for (auto [passed, count] :
       {std::pair<std::chrono::nanoseconds, std::size_t>{1s - 1ns, 9},
        {1s, 10},
        {1s + 1ns, 10},
        {2s, 10},
        {24h * 365, 10}}) {
    auto shown_passed = passed.count();
    CAPTURE(shown_passed);
    auto bucket = empty_one(ten);
    CHECK(take_all(bucket, ten, start + passed) == count);
  }
}

TEST_CASE("who is refused loses nothing by asking again") {
  auto bucket = empty_one(ten);
  auto full_at = bucket.full_at();
  for (auto i = 0; i < 1000; ++i)
    CHECK_FALSE(bucket.try_take(ten, start + 99ms));
  CHECK(bucket.full_at() == full_at);
  CHECK(bucket.try_take(ten, start + 100ms));
}

// Loops read the clock for themselves, and share buckets.
TEST_CASE("a time before the last one gives nothing more") {
  auto bucket = empty_one(ten);
  CHECK_FALSE(bucket.try_take(ten, start - 1h));
  CHECK(bucket.try_take(ten, start + 100ms));
  CHECK_FALSE(bucket.try_take(ten, start + 99ms));
}

TEST_CASE("in the long run no more than the rate comes through") {
  token_bucket bucket;
  std::size_t count = 0;
  for (auto passed = 0ms; passed <= 60s; passed += 7ms)
    count += take_all(bucket, ten, start + passed);
  CHECK(count == 10 + 600 - 1); // 60 s are no multiple of 7 ms
  CHECK(take_all(bucket, ten, start + 60s) == 1);
}

// -- debts --------------------------------------------------------------------

TEST_CASE("more than there are may be taken: it owes the rest") {
  token_bucket bucket;
  bucket.take(25, ten, start);
  CHECK(bucket.full_at() == start + 2500ms);
  CHECK(bucket.ready_at(ten, 0) == start + 1500ms);
  CHECK(bucket.ready_at(ten, 1) == start + 1600ms);
  CHECK_FALSE(bucket.try_take(ten, start + 1600ms - 1ns));
  CHECK(bucket.try_take(ten, start + 1600ms));
}

TEST_CASE("debts add up") {
  token_bucket bucket;
  bucket.take(10, ten, start);
  bucket.take(10, ten, start);
  bucket.take(10, ten, start + 500ms);
  CHECK(bucket.ready_at(ten, 0) == start + 2s);
}

TEST_CASE("it owes nothing when just all was taken") {
  for (auto [count, late] :
       {std::pair{9.0, -100ms}, {10.0, 0ms}, {11.0, 100ms}}) {
    auto& shown_count = count;
    CAPTURE(shown_count);
    token_bucket bucket;
    bucket.take(count, ten, start);
    CHECK(bucket.ready_at(ten, 0) == start + late);
  }
}

TEST_CASE("a take of nothing, and of a part, count as that") {
  token_bucket bucket;
  bucket.take(0, ten, start);
  CHECK(bucket.full_at() == start);
  bucket.take(0.5, ten, start);
  CHECK(bucket.full_at() == start + 50ms);
}

TEST_CASE("the largest messages and slowest rates do not overflow") {
  const token_rate slow{1, 1s};
  token_bucket bucket;
  bucket.take(1024.0 * 1024 * 1024, slow, start); // one GiB
  CHECK(bucket.ready_at(slow, 0) == start + 1'073'741'823s);
  const token_rate fast{4.0 * 1024 * 1024 * 1024, 1s};
  bucket = {};
  bucket.take(4.0 * 1024 * 1024 * 1024, fast, start);
  CHECK(bucket.ready_at(fast, 0) == start);
}

// -- what it tells ------------------------------------------------------------

TEST_CASE("ready_at tells when so many are there") {
  auto bucket = empty_one(ten);
  CHECK(bucket.ready_at(ten, 0) == start);
  CHECK(bucket.ready_at(ten, 1) == start + 100ms);
  CHECK(bucket.ready_at(ten, 2) == start + 200ms);
  CHECK(bucket.ready_at(ten, 10) == bucket.full_at());
  for (auto i = 1; i < 10; ++i) {
    auto copy = bucket;
    CHECK(take_all(copy, ten, bucket.ready_at(ten, i) - 1ns)
          == static_cast<std::size_t>(i - 1));
    copy = bucket;
    CHECK(take_all(copy, ten, bucket.ready_at(ten, i))
          == static_cast<std::size_t>(i));
  }
}

TEST_CASE("full_at tells when it is full again") {
  token_bucket bucket;
  CHECK(bucket.full_at() == time_point{});
  bucket.take(1, ten, start);
  CHECK(bucket.full_at() == start + 100ms);
  bucket.take(1, ten, start + 100ms - 1ns); // not yet
  CHECK(bucket.full_at() == start + 200ms);
  bucket.take(1, ten, start + 200ms);
  CHECK(bucket.full_at() == start + 300ms);
  bucket.take(1, ten, start + 1h);
  CHECK(bucket.full_at() == start + 1h + 100ms);
}

} // namespace wsrelay::token_bucket_test
