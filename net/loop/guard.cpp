// Logging what was thrown.
#include "net/loop/guard.hpp"

#include "actors/log.hpp"
#include "actors/log_limit.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <string_view>

namespace wsrelay {

namespace {

// A stranger who found out how to cause an exception can do so again and again.
void log_limited(const char* where, std::string_view what) {
  static auto& lines = *new log_limit; // threads may go on after main
  auto now = std::chrono::steady_clock::now();
  if (auto left_out = lines.allow(fmt::format("{} {}", where, what), now))
    log().error("exception: where={} what={}"
                " hint=\"it ended one socket or task; a fault of wsrelay or a "
                "target, report it\"{}",
                json_string(where), json_string(what),
                suppressed_text(*left_out));
}

} // namespace

void log_exception(const char* where) noexcept {
  try {
    try {
      throw;
    } catch (const std::exception& error) {
      log_limited(where, error.what());
    } catch (...) {
      log_limited(where, "unknown");
    }
  } catch (...) {
    // Not even memory for a line.
  }
}

} // namespace wsrelay
