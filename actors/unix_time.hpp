// The time of clocks on the wall.
#pragma once

#include <chrono>

namespace wsrelay {

/// Returns the milliseconds since 1970. The clock may be set at any time.
inline std::chrono::milliseconds unix_time() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now);
}

} // namespace wsrelay
