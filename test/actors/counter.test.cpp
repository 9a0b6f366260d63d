// Numbers of one writer, durations by size, and what an endpoint counts.
#include "actors/counter.hpp"

#include "actors/relay_counts.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace wsrelay::counter_test {

using namespace std::chrono_literals;

namespace {

// The place of the only bucket that holds something.
std::size_t place_of(std::chrono::nanoseconds took) {
  duration_histogram all;
  all.add(took);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i <= duration_histogram::bounds.size(); ++i)
    if (all.count(i) > 0)
      found.push_back(i);
  REQUIRE(found.size() == 1);
  CHECK(all.count(found[0]) == 1);
  return found[0];
}

time_point at(std::chrono::milliseconds time) {
  return time_point{time};
}

struct timed {
  std::uint64_t count() const {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i <= duration_histogram::bounds.size(); ++i)
      result += counts.writes.count(i);
    return result;
  }

  // The kernel takes what `who` has written up to this number.
  void take(const void* who, std::uint64_t number, time_point now) {
    if (counts.is_timed(who, number))
      counts.end_write(now);
  }

  relay_counts counts{"ws"};
  int one = 0, other = 0;
};

} // namespace

TEST_CASE("a counter adds, subtracts and is set") {
  counter number;
  CHECK(number.get() == 0);
  number.add();
  number.add(41);
  CHECK(number.get() == 42);
  number.sub(2);
  number.sub();
  CHECK(number.get() == 39);
  number.set(7);
  CHECK(number.get() == 7);
}

// -- durations ----------------------------------------------------------------

TEST_CASE("a duration falls into the bucket whose bound it does not exceed") {
  auto& bounds = duration_histogram::bounds;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    CAPTURE(bounds[i]);
    std::chrono::microseconds bound{bounds[i]};
    CHECK(place_of(bound - 1us) == i);
    CHECK(place_of(bound) == i);
    CHECK(place_of(bound + 999ns) == i); // whole microseconds count
    CHECK(place_of(bound + 1us) == i + 1);
  }
}

TEST_CASE("bounds of durations grow") {
  auto& bounds = duration_histogram::bounds;
  for (std::size_t i = 1; i < bounds.size(); ++i)
    CHECK(bounds[i - 1] < bounds[i]);
}

TEST_CASE("a duration over all bounds is counted behind them") {
  CHECK(place_of(24h) == duration_histogram::bounds.size());
  CHECK(place_of(std::chrono::nanoseconds::max())
        == duration_histogram::bounds.size());
}

TEST_CASE("a duration before its beginning took no time") {
  duration_histogram all;
  all.add(-1ns);
  all.add(-5s);
  all.add(0ns);
  CHECK(all.count(0) == 3);
  CHECK(all.sum() == 0ns);
}

TEST_CASE("durations are added up") {
  duration_histogram all;
  all.add(50us);
  all.add(51us);
  all.add(3s);
  CHECK(all.sum() == 3s + 101us);
  CHECK(all.count(0) == 1);
  CHECK(all.count(1) == 1);
}

// -- close codes and phases ---------------------------------------------------

TEST_CASE("close codes are told apart up to 1015, others by their thousand") {
  struct {
    std::uint16_t code;
    std::string name;
  } rows[] = {{999, "other"},  {1000, "1000"},  {1001, "1001"},  {1015, "1015"},
              {1016, "other"}, {2999, "other"}, {3000, "3xxx"},  {3999, "3xxx"},
              {4000, "4xxx"},  {4999, "4xxx"},  {5000, "other"}, {0, "other"},
              {65535, "other"}};
  for (auto& row : rows) {
    CAPTURE(row.code);
    auto kind = close_code_kind(row.code);
    REQUIRE(kind < close_code_kinds);
    CHECK(close_code_text(kind) == row.name);
  }
}

TEST_CASE("each kind of close code has a name of its own") {
  std::set<std::string> names;
  for (std::size_t kind = 0; kind < close_code_kinds; ++kind)
    names.insert(close_code_text(kind));
  CHECK(names.size() == close_code_kinds);
}

TEST_CASE("each phase has its name") {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < connection_phase_count; ++i)
    names.emplace_back(to_text(static_cast<connection_phase>(i)));
  CHECK(names
        == std::vector<std::string>{"binding", "relaying", "transferring",
                                    "parked", "leaving", "closing"});
  CHECK(to_text(connection_phase::closing) == "closing");
}

// -- messages to clients, some of which are timed
// ------------------------------

TEST_CASE_FIXTURE(timed, "one message of 64 may be timed") {
  std::vector<std::uint64_t> chosen;
  for (std::uint64_t i = 0; i < 193; ++i) {
    if (counts.may_time_write())
      chosen.push_back(i);
    counts.messages_out.add();
  }
  CHECK(chosen == std::vector<std::uint64_t>{0, 64, 128, 192});
}

TEST_CASE_FIXTURE(timed, "a message is timed until the kernel has taken it") {
  counts.begin_write(&one, 5, at(10ms));
  CHECK_FALSE(counts.may_time_write());
  take(&one, 4, at(11ms)); // what came before
  CHECK(count() == 0);
  take(&one, 5, at(13ms));
  CHECK(count() == 1);
  CHECK(counts.writes.sum() == 3ms);
  take(&one, 6, at(20ms)); // once
  CHECK(count() == 1);
  CHECK(counts.may_time_write());
}

TEST_CASE_FIXTURE(timed, "a message that was taken with later ones is timed") {
  counts.begin_write(&one, 5, at(10ms));
  take(&one, 9, at(12ms));
  CHECK(counts.writes.sum() == 2ms);
}

TEST_CASE_FIXTURE(timed, "one message is timed at a time, whoever wrote it") {
  counts.begin_write(&one, 1, at(10ms));
  CHECK_FALSE(counts.may_time_write());
  take(&other, 1, at(11ms)); // another connection's first
  CHECK(count() == 0);
  CHECK_FALSE(counts.may_time_write());
  take(&one, 1, at(12ms));
  CHECK(count() == 1);
}

TEST_CASE_FIXTURE(timed, "a connection that ends leaves the place to others") {
  counts.begin_write(&one, 1, at(10ms));
  counts.forget_write(&other);
  CHECK_FALSE(counts.may_time_write());
  counts.forget_write(&one);
  CHECK(counts.may_time_write());
  take(&one, 1, at(12ms));
  CHECK(count() == 0);
}

TEST_CASE_FIXTURE(timed, "counts begin at 0 and know their endpoint") {
  CHECK(counts.endpoint == "ws");
  CHECK(counts.opened.get() == 0);
  for (auto& phase : counts.phases)
    CHECK(phase.get() == 0);
  for (auto& cause : counts.ended)
    for (auto& each : cause)
      CHECK(each.get() == 0);
}

} // namespace wsrelay::counter_test
