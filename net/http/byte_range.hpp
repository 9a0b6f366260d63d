// Which bytes of a representation a request asks for (RFC 9110 section 14).
#pragma once

#include <cstdint>
#include <string_view>

namespace wsrelay {

/// What becomes of a Range field.
enum class range_outcome {
  whole,         // 200: not understood, or more than one range
  part,          // 206
  unsatisfiable, // 416
};

/// `size` bytes from `first` on: with `part` at least one, and not all of them
/// need be fewer than there are.
struct range_choice {
  range_outcome outcome = range_outcome::whole;
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

/// Reads the value of a Range field for a representation of `size` bytes. With
/// `whole` the choice is all of it. Several ranges are answered as a whole,
/// which section 14.2 allows: no client needs them, and they multiply work.
range_choice choose_range(std::string_view value, std::uint64_t size) noexcept;

} // namespace wsrelay
