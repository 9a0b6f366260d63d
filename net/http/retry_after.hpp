// When somebody who is refused may come again: not all at the same time.
#pragma once

#include <chrono>
#include <cstdint>

namespace wsrelay {

/// Mixes the bits of a number (splitmix64, Steele and others, "Fast splittable
/// pseudorandom number generators", OOPSLA 2014).
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// For a connection to end, and leave its place.
inline constexpr std::chrono::seconds place_wait{5};

/// Returns seconds, at least 1: `wait` and at random up to as long again, or 4
/// where that is more.
inline unsigned retry_after(std::chrono::nanoseconds wait) noexcept {
  auto least = std::chrono::ceil<std::chrono::seconds>(wait).count();
  auto base = static_cast<unsigned>(least < 1 ? 1 : least);
  auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return base
         + static_cast<unsigned>(mix(static_cast<std::uint64_t>(now))
                                 % (base > 4 ? base : 4));
}

} // namespace wsrelay
