// Latencies in logarithmic buckets as HdrHistogram has them: fixed memory, no
// allocation per value, an error below 1/64 of the value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace wsrelay::bench {

/// Counts values without unit; the load generator records nanoseconds.
class histogram {
public:
  /// Counts `value`. Values from 2^42 on (73 minutes as nanoseconds) share the
  /// last bucket.
  void record(std::uint64_t value) noexcept;

  /// Forgets everything.
  void clear() noexcept;

  std::uint64_t count() const noexcept { return count_; }

  /// Returns the largest value, exactly; 0 when empty.
  std::uint64_t max() const noexcept { return max_; }

  /// Returns a value that at least `fraction` (0-1) of the values do not
  /// exceed: the upper end of a bucket, never more than `max()`; 0 when empty.
  std::uint64_t percentile(double fraction) const noexcept;

private:
  // 64 buckets for each power of two; values below 64 have one each.
  static constexpr std::size_t sub_bits = 6;
  static constexpr std::size_t value_bits = 42;
  static constexpr std::size_t buckets = (value_bits - sub_bits + 1)
                                         << sub_bits;

  static std::size_t index_of(std::uint64_t value) noexcept;
  static std::uint64_t upper_end(std::size_t index) noexcept;

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

} // namespace wsrelay::bench
