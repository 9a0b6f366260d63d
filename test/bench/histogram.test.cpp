// Percentiles are right to 1/64, minimum and maximum exactly.
#include "tools/bench/histogram.hpp"

#include <doctest/doctest.h>

namespace wsrelay::histogram_test {

using wsrelay::bench::histogram;

TEST_CASE("an empty histogram is all zero") {
  histogram h;
  CHECK(h.count() == 0);
  CHECK(h.max() == 0);
  CHECK(h.percentile(0.5) == 0);
  CHECK(h.percentile(1) == 0);
}

TEST_CASE("small values are exact") {
  histogram h;
  for (std::uint64_t i = 1; i <= 100; ++i)
    h.record(i);
  CHECK(h.count() == 100);
  CHECK(h.percentile(0) == 1);
  CHECK(h.percentile(0.01) == 1);
  CHECK(h.percentile(0.5) == 50);
  CHECK(h.percentile(0.9) == 90);
  CHECK(h.percentile(0.99) == 99);
  CHECK(h.percentile(1) == 100);
}

TEST_CASE("one value is every percentile") {
  for (std::uint64_t value : {0ull, 1ull, 127ull, 128ull, 1'000'003ull,
                              (1ull << 42) - 1, 1ull << 42, 1ull << 63}) {
    CAPTURE(value);
    histogram h;
    h.record(value);
    CHECK(h.max() == value);
    CHECK(h.percentile(0.001) == value);
    CHECK(h.percentile(0.5) == value);
    CHECK(h.percentile(1) == value);
  }
}

TEST_CASE("a percentile is at most 1/64 above the value") {
  for (std::uint64_t value = 100; value < 1ull << 41; value = value * 21 / 16) {
    CAPTURE(value);
    histogram h;
    h.record(value);
    h.record(1ull << 42);
    CHECK(h.percentile(0.5) >= value);
    CHECK(h.percentile(0.5) <= value + value / 64);
  }
}

TEST_CASE("a rare value is seen only by the last percentiles") {
  histogram h;
  for (int i = 0; i < 999; ++i)
    h.record(10);
  h.record(5'000'000);
  CHECK(h.percentile(0.99) == 10);
  CHECK(h.percentile(0.999) == 10);
  CHECK(h.percentile(0.9991) == 5'000'000);
  CHECK(h.max() == 5'000'000);
}

TEST_CASE("a cleared histogram begins anew") {
  histogram h;
  h.record(7);
  h.clear();
  CHECK(h.count() == 0);
  CHECK(h.max() == 0);
  h.record(3);
  CHECK(h.percentile(1) == 3);
}

} // namespace wsrelay::histogram_test
