#include "tools/bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wsrelay::bench {

void histogram::record(std::uint64_t value) noexcept {
  ++counts_[index_of(value)];
  ++count_;
  max_ = std::max(max_, value);
}

void histogram::clear() noexcept {
  *this = histogram{};
}

std::uint64_t histogram::percentile(double fraction) const noexcept {
  auto wanted = static_cast<std::uint64_t>(
      std::ceil(fraction * static_cast<double>(count_)));
  wanted =
      std::clamp<std::uint64_t>(wanted, 1, std::max<std::uint64_t>(count_, 1));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted)
      return i + 1 == buckets ? max_ : std::min(upper_end(i), max_);
  }
  return max_;
}

// The exponent, then the sub_bits that follow the leading one.
std::size_t histogram::index_of(std::uint64_t value) noexcept {
  constexpr auto limit = (std::uint64_t{1} << value_bits) - 1;
  value = std::min(value, limit);
  auto width = static_cast<std::size_t>(std::bit_width(value));
  if (width <= sub_bits)
    return value;
  auto shift = width - sub_bits - 1;
  return (shift << sub_bits) + (value >> shift);
}

std::uint64_t histogram::upper_end(std::size_t index) noexcept {
  constexpr std::size_t half = std::size_t{1} << sub_bits;
  if (index < 2 * half)
    return index;
  auto shift = (index >> sub_bits) - 1;
  auto mantissa = half + (index & (half - 1));
  return ((mantissa + 1) << shift) - 1;
}

} // namespace wsrelay::bench
