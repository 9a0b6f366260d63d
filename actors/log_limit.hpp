// Lines that strangers can cause again and again: as many as tell what happens,
// and a count of the others.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

/// The limits of a `log_limit`.
struct log_limit_options {
  /// Lines of a reason in an interval; 0 is taken as 1.
  std::size_t max_lines = 10;

  /// Begins with a reason's first line, and anew with the first one after it.
  std::chrono::steady_clock::duration interval = std::chrono::seconds{10};

  /// Reasons that are counted each for itself; the others share one count.
  std::size_t max_reasons = 64;

  /// Bytes of a reason that count.
  std::size_t max_reason_size = 64;
};

/// Decides which lines are logged: of each reason a number per interval. Any
/// thread.
class log_limit {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit log_limit(log_limit_options options = {});

  /// Returns nothing when the line is to be left out, else how many lines of
  /// this reason were left out since its last one.
  std::optional<std::uint64_t> allow(std::string_view reason, time_point now);

private:
  struct count {
    time_point begin;
    std::size_t lines = 0;
    std::uint64_t suppressed = 0;
  };

  count& find(std::string_view reason, time_point now);
  void drop_old(time_point now);

  log_limit_options options_;
  std::mutex mutex_;
  std::map<std::string, count, std::less<>> reasons_;
  count others_;
};

/// Returns " suppressed=COUNT" to end a line with, or "" for 0.
std::string suppressed_text(std::uint64_t count);

} // namespace wsrelay
