// When the next message is due at a given rate.
#pragma once

#include "tools/bench/workload.hpp"

#include <cstdint>

namespace wsrelay::bench {

/// Hands out the times 0, 1/rate, 2/rate, ... after its start, none skipped:
/// who is late sends late, and latency counts from the time it was due.
class pacer {
public:
  /// `rate` per second, 0 = off: never due.
  explicit pacer(double rate) : interval_{rate > 0 ? 1e9 / rate : 0} {}

  bool is_on() const noexcept { return interval_ > 0; }

  void start(std::uint64_t now) noexcept {
    start_ = now;
    given_ = 0;
  }

  /// Returns when the next one is due, in the same unit as `start`: ns.
  std::uint64_t due() const noexcept {
    return is_on() ? start_ + static_cast<std::uint64_t>(given_ * interval_)
                   : never;
  }

  /// Goes on to the next.
  void advance() noexcept { ++given_; }

private:
  double interval_;
  std::uint64_t start_ = 0;
  double given_ = 0;
};

} // namespace wsrelay::bench
