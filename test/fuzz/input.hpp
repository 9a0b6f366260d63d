// What every fuzz target needs: a way to say what does not hold, and the parts
// of an input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace wsrelay::fuzz {

/// Ends the program unless `holds`. `what` is the sentence that is not true.
inline void expect(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Takes an input apart, from its front.
class input {
public:
  input(const std::uint8_t* data, std::size_t size)
      : rest_{reinterpret_cast<const char*>(data), size} {}

  bool empty() const noexcept { return rest_.empty(); }

  /// Returns the next byte, 0 when there is none.
  std::uint8_t byte() {
    auto taken = bytes(1);
    return taken.empty() ? 0 : static_cast<std::uint8_t>(taken.front());
  }

  /// Returns the next `count` bytes, or fewer at the end.
  std::string_view bytes(std::size_t count) {
    auto taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  /// Returns what stands before the next line end, which goes too.
  std::string_view line() {
    auto taken = bytes(std::min(rest_.find('\n'), rest_.size()));
    bytes(1);
    return taken;
  }

  std::string_view rest() const noexcept { return rest_; }

private:
  std::string_view rest_;
};

} // namespace wsrelay::fuzz
