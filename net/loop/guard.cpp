// Logging what was thrown.
#include "net/loop/guard.hpp"

#include "actors/log.hpp"

#include <exception>

namespace wsrelay {

void log_exception(const char* where) noexcept {
  try {
    try {
      throw;
    } catch (const std::exception& error) {
      log().error("exception: where={} what={}", where, error.what());
    } catch (...) {
      log().error("exception: where={} what=unknown", where);
    }
  } catch (...) {
    // Not even memory for a line.
  }
}

} // namespace wsrelay
