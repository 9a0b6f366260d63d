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

TEST_CASE("it is quiet when traffic has fallen to a quarter") {
  quiet_rule rule;
  CHECK(!rule.is_quiet(0)); // there was none
  CHECK(!rule.is_quiet(1000));
  CHECK(!rule.is_quiet(251));
  CHECK(rule.is_quiet(250));
  CHECK(rule.is_quiet(249));
  CHECK(!rule.is_quiet(2000)); // a new peak
  CHECK(!rule.is_quiet(501));
  CHECK(rule.is_quiet(500));
}

TEST_CASE("without traffic there are some looks, and no more before there is "
          "some again") {
  quiet_rule rule;
  rule.is_quiet(1000);
  for (int i = 0; i < quiet_rule::idle_looks; ++i)
    CHECK(rule.is_quiet(0));
  for (int i = 0; i < 100; ++i)
    CHECK(!rule.is_quiet(0));
  CHECK(rule.is_quiet(1));
  CHECK(rule.is_quiet(0));
}

TEST_CASE("what is free goes when it is worth it, and what stayed is not tried "
          "again") {
  constexpr auto small = trim_rule::small;
  trim_rule rule;
  CHECK(!rule.should_trim(small - 1));
  CHECK(rule.should_trim(small));
  rule.trimmed(3 * small); // so much cannot go
  CHECK(!rule.should_trim(4 * small - 1));
  CHECK(rule.should_trim(4 * small));
  CHECK(!rule.should_trim(small)); // it has been used meanwhile
  CHECK(rule.should_trim(2 * small));
}

namespace {

struct fixture : loop_fixture {
  void fill(std::size_t bytes) {
    home.call([&] { home.count_traffic(bytes); });
  }

  std::atomic<std::size_t> free{100 * trim_rule::small};
  std::atomic<int> trims{0};
  heap_system fake{[this] { return free.load(); },
                   [this](auto&) {
                     ++trims;
                     free = 0;
                   }};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "bytes of all loops count") {
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

TEST_CASE_FIXTURE(fixture, "what a loop's thread has used and freed goes back "
                           "when it is told to") {
  auto heap = make_heap_system();
  keep_freed_memory();
  auto before = heap.free_bytes();
  constexpr std::size_t size = 1 << 20, count = 50;
  home.call([] {
    std::vector<std::unique_ptr<char[]>> blocks;
    for (std::size_t i = 0; i < count; ++i) {
      blocks.emplace_back(new char[size]);
      std::memset(blocks.back().get(), 1, size);
    }
  });
  auto freed = heap.free_bytes();
  heap.trim({&home});
  // Under a sanitizer nothing of this is glibc's.
  if (freed > before + count * size / 2)
    CHECK(heap.free_bytes() < before + count * size / 10);
}

} // namespace wsrelay::heap_test
