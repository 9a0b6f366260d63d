// Numbers that one thread writes and any other reads: no lock, and no dearer
// than a plain one.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace wsrelay {

/// A number of one writer. Reading is for any thread.
class counter {
public:
  void add(std::uint64_t count = 1) noexcept { set(get() + count); }
  void sub(std::uint64_t count = 1) noexcept { set(get() - count); }
  void set(std::uint64_t value) noexcept {
    value_.store(value, std::memory_order_relaxed);
  }
  std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// How long things took. One writer, any readers.
class duration_histogram {
public:
  /// The largest duration of each bucket, in microseconds; there is one more
  /// for all above.
  static constexpr std::array<std::uint32_t, 17> bounds{
      50,      100,       250,       500,       1'000,     2'500,
      5'000,   10'000,    25'000,    50'000,    100'000,   250'000,
      500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

  void add(std::chrono::nanoseconds took) noexcept {
    auto nanoseconds = took.count() < 0 ? 0 : took.count();
    auto microseconds = static_cast<std::uint64_t>(nanoseconds / 1000);
    std::size_t place = 0;
    while (place < bounds.size() && microseconds > bounds[place])
      ++place;
    buckets_[place].add();
    nanoseconds_.add(static_cast<std::uint64_t>(nanoseconds));
  }

  /// Returns how many fell into a bucket, not counting those below it.
  std::uint64_t count(std::size_t place) const noexcept {
    return buckets_[place].get();
  }
  std::chrono::nanoseconds sum() const noexcept {
    return std::chrono::nanoseconds{nanoseconds_.get()};
  }

private:
  std::array<counter, bounds.size() + 1> buckets_;
  counter nanoseconds_;
};

} // namespace wsrelay
