// How much may come per second, and how much of it at once.
#pragma once

#include <algorithm>
#include <chrono>

namespace wsrelay {

/// The limits of a `token_bucket`.
struct token_rate {
  double per_second = 0;             // more than 0
  std::chrono::nanoseconds burst{0}; // of `per_second`, at once

  std::chrono::nanoseconds time_of(double count) const noexcept {
    return std::chrono::nanoseconds{
        static_cast<std::chrono::nanoseconds::rep>(count * 1e9 / per_second)};
  }

  /// Of so many at once: one at least.
  std::chrono::nanoseconds depth() const noexcept {
    return std::max(burst, time_of(1));
  }
};

/// A token bucket as one point in time, the one at which it is full again (the
/// virtual scheduling algorithm of ITU-T I.371 does the same). It begins full.
class token_bucket {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes one, if there is one.
  bool try_take(const token_rate& rate, time_point now) noexcept {
    if (now < ready_at(rate, 1))
      return false;
    take(1, rate, now);
    return true;
  }

  /// Takes `count`, also more than there are: then it owes them.
  void take(double count, const token_rate& rate, time_point now) noexcept {
    full_at_ = std::max(full_at_, now) + rate.time_of(count);
  }

  /// Returns from when on `count` are there; 0 = it owes nothing.
  time_point ready_at(const token_rate& rate, double count) const noexcept {
    return full_at_ - rate.depth() + rate.time_of(count);
  }

  /// Returns when it is full again.
  time_point full_at() const noexcept { return full_at_; }

private:
  time_point full_at_{};
};

} // namespace wsrelay
