// A stream of HTTP in an input: the limits of its reader, where it is cut, and
// its bytes.
#pragma once

#include "net/http/reader_limits.hpp"
#include "test/fuzz/input.hpp"

#include <string_view>
#include <vector>

namespace wsrelay::fuzz {

/// Takes one byte; small limits, so that short inputs reach them.
inline reader_limits take_limits(input& in) {
  auto choice = in.byte();
  return {std::size_t{64} << choice % 6, std::size_t{2} + choice / 6 % 7,
          std::size_t{1} << choice / 42 * 3};
}

/// Takes the count of pieces and the size of each but the last, which is what
/// remains.
inline std::vector<std::string_view> take_pieces(input& in) {
  std::vector<std::size_t> sizes(in.byte() % 8);
  for (auto& size : sizes)
    size = in.byte();
  std::vector<std::string_view> out;
  for (auto size : sizes)
    out.push_back(in.bytes(size));
  out.push_back(in.rest());
  return out;
}

/// Returns the pieces as they were before they were cut: they view into one
/// input.
inline std::string_view whole(const std::vector<std::string_view>& pieces) {
  auto& last = pieces.back();
  auto* begin = pieces.front().data();
  return {begin, static_cast<std::size_t>(last.data() + last.size() - begin)};
}

} // namespace wsrelay::fuzz
