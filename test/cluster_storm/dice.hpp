// What chance decides, all from one seed.
#pragma once

#include <cstdint>
#include <random>

namespace wsrelay::cluster_storm {

/// Throws in one order make one storm.
class dice {
public:
  explicit dice(std::uint64_t seed) : random_{seed} {}

  /// 0 to `below` - 1.
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  /// True once in `of` throws.
  bool chance(std::uint64_t of) { return pick(of) == 0; }

private:
  std::mt19937_64 random_;
};

} // namespace wsrelay::cluster_storm
