// When memory goes back to the kernel.
#include "net/heap.hpp"

#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

namespace wsrelay::heap_test {

using namespace wsrelay::test;

namespace {

constexpr std::size_t mib = 1 << 20;

// A process, as a look sees it, and what giving back makes of it.
struct rule_fixture {
  // The traffic since the last look.
  bool is_time(std::uint64_t traffic) {
    now += 2s;
    seen.traffic += traffic;
    return rule.should_trim(now, seen);
  }

  void trim_to(std::size_t resident, std::chrono::milliseconds took = 1ms) {
    seen.resident = resident;
    rule.trimmed(now, now + took, resident);
  }

  // A burst, after which so much was left.
  void begin(std::size_t resident, std::size_t left) {
    seen.resident = resident;
    CHECK(!is_time(1000 * mib));
    REQUIRE(is_time(0));
    trim_to(left);
  }

  trim_rule rule{20 * mib};
  time_point now{1h};
  heap_sight seen{20 * mib, 0, 8};
};

} // namespace

TEST_CASE_FIXTURE(rule_fixture, "it is time when traffic has fallen to a "
                                "quarter") {
  seen.resident = 100 * mib;
  CHECK(!is_time(0)); // there was none
  CHECK(!is_time(1000));
  CHECK(!is_time(251));
  CHECK(is_time(250));
}

TEST_CASE_FIXTURE(rule_fixture, "what has not grown is left alone") {
  begin(100 * mib, 20 * mib);
  for (int i = 0; i < 1000; ++i)
    CHECK(!is_time(i % 2));
  seen.resident = 22 * mib - 1;
  CHECK(!is_time(0));
  seen.resident = 22 * mib;
  CHECK(is_time(0));
}

TEST_CASE_FIXTURE(rule_fixture, "what lived then is tried again when sockets "
                                "have gone") {
  begin(200 * mib, 190 * mib);
  seen.sockets = 7; // an eighth less
  CHECK(!is_time(0));
  seen.sockets = 6;
  CHECK(is_time(0));
  trim_to(20 * mib);
  seen.sockets = 0; // nothing is left to be given back
  CHECK(!is_time(0));
}

TEST_CASE_FIXTURE(rule_fixture, "and once more: what they had may be freed a "
                                "while later") {
  begin(200 * mib, 190 * mib);
  seen.sockets = 0;
  CHECK(is_time(0));
  trim_to(190 * mib);
  CHECK(is_time(0));
  trim_to(190 * mib);
  CHECK(!is_time(0));
}

TEST_CASE_FIXTURE(rule_fixture, "what lives is tried again after a minute, two "
                                "minutes, four") {
  begin(200 * mib, 190 * mib);
  for (int i = 0; i < 3; ++i) {
    CAPTURE(i);
    for (int looks = 1; looks <= 30 << i; ++looks) // each after 2 s
      CHECK(!is_time(0));
    CHECK(is_time(0));
    trim_to(190 * mib);
  }
}

TEST_CASE_FIXTURE(rule_fixture, "or when as much has come and left, and twice "
                                "as much each time that it was in vain") {
  begin(200 * mib, 100 * mib);
  auto needed = 80 * mib;
  for (int i = 0; i < 4; ++i) {
    CAPTURE(i);
    CHECK(!is_time(needed - 1));
    CHECK(is_time(1));
    trim_to(100 * mib);
    needed *= 2;
  }
}

TEST_CASE_FIXTURE(rule_fixture, "malloc stands still for a hundredth of the "
                                "time") {
  seen.resident = 100 * mib;
  CHECK(!is_time(1000));
  REQUIRE(is_time(0));
  trim_to(90 * mib, 100ms);
  seen.resident = 100 * mib;
  for (int i = 0; i < 5; ++i)
    CHECK(!is_time(0)); // 10 s
  CHECK(is_time(0));
}

namespace {

struct fixture : loop_fixture {
  void fill(std::size_t bytes) {
    home.call([&] { home.count_traffic(bytes); });
  }

  std::atomic<std::size_t> resident{100 * mib};
  std::atomic<int> trims{0};
  heap_system fake{[this] { return resident.load(); },
                   [this](auto&) {
                     ++trims;
                     resident = 10 * mib;
                   }};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "bytes of a loop count") {
  CHECK(home.traffic() == 0);
  fill(5);
  fill(6);
  CHECK(home.traffic() == 11);
}

TEST_CASE_FIXTURE(fixture, "memory goes back once, after a burst and not "
                           "before") {
  heap_keeper keeper{{&home}, fake, {1ms, 1ms}};
  make_turns();
  CHECK(trims == 0);
  resident = 200 * mib;
  fill(1000);
  CHECK(holds_soon([this] { return trims == 1; }));
  fill(100);
  make_turns();
  CHECK(trims == 1);
}

TEST_CASE_FIXTURE(fixture, "a keeper leaves its loop when it ends") {
  { heap_keeper keeper{{&home}, fake, {1ms, 1ms}}; }
  fill(1000);
  make_turns();
  CHECK(trims == 0);
}

#ifndef __SANITIZE_ADDRESS__ // whose malloc is not glibc's
TEST_CASE_FIXTURE(fixture, "what a loop's thread has used and freed goes back "
                           "when it is told to") {
  auto heap = make_heap_system();
  keep_freed_memory();
  auto before = heap.resident();
  constexpr std::size_t count = 50;
  home.call([] {
    std::vector<std::unique_ptr<char[]>> blocks;
    for (std::size_t i = 0; i < count; ++i) {
      blocks.emplace_back(new char[mib]);
      std::memset(blocks.back().get(), 1, mib);
    }
  });
  // Earlier tests may have left enough.
  auto has_grown = heap.resident() > before + count * mib / 2;
  heap.trim({&home});
  if (has_grown)
    CHECK(heap.resident() < before + count * mib / 5);
}
#endif

} // namespace wsrelay::heap_test
