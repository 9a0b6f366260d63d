// Writing lines to a descriptor that others share and whose reader owes us
// nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <string_view>

namespace wsrelay {

/// Writes to a descriptor without waiting for good. It does not make it
/// non-blocking: that would hold for every process that shares it. For one
/// thread but for `give_up_at`.
class log_descriptor {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// How long `give_up_at` may go unnoticed.
  static constexpr std::chrono::milliseconds step{100};

  explicit log_descriptor(int fd) noexcept : fd_{fd} {}

  /// Waits until a write of PIPE_BUF bytes would not block, or fails at once.
  /// Returns false when it was given up.
  bool wait_until_writable() const;

  /// Writes all, up to PIPE_BUF bytes in one piece. Returns false when that
  /// failed or was given up.
  bool write(std::string_view bytes) const;

  /// Ends every wait at this time. Any thread.
  void give_up_at(time_point when) noexcept { end_ = when; }

private:
  int fd_;
  std::atomic<time_point> end_{time_point::max()};
};

} // namespace wsrelay
