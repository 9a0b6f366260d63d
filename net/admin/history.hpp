// The last 15 minutes in numbers, for plots.
#pragma once

#include "net/admin/admin_view.hpp"
#include "net/admin/traffic_totals.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace wsrelay {

/// What happened since the point before, and what there is.
struct history_point {
  std::int64_t time = 0;  // Unix time in milliseconds
  std::uint64_t span = 0; // milliseconds since the point before
  std::uint64_t connections = 0;
  std::uint64_t parked = 0;
  std::uint64_t opened = 0;
  std::uint64_t refused = 0;
  std::uint64_t messages_in = 0, bytes_in = 0;
  std::uint64_t messages_out = 0, bytes_out = 0;
  std::uint64_t dropped = 0;
  std::uint64_t queued_bytes = 0;
  std::uint64_t answer_p50 = 0, answer_p99 = 0; // microseconds, 0 = none
  std::uint64_t lag = 0; // microseconds, of the slowest loop
  std::array<std::uint64_t, close_code_kinds> closed{}; // by code
};

/// The newest points.
class history {
public:
  static constexpr std::chrono::minutes span{15};

  explicit history(std::chrono::milliseconds period)
      : capacity_{
          static_cast<std::size_t>(std::chrono::milliseconds{span} / period)} {}

  void add(const history_point& point) {
    if (points_.size() == capacity_)
      points_.pop_front();
    points_.push_back(point);
  }

  std::vector<history_point> all() const {
    return {points_.begin(), points_.end()};
  }

private:
  std::size_t capacity_;
  std::deque<history_point> points_;
};

/// Makes points of what the services count. One thread.
class history_writer {
public:
  /// `lag` is the slowest loop's.
  history_point next(const std::vector<service_view>& services,
                     std::chrono::nanoseconds lag);

private:
  traffic_totals before_;
  std::uint64_t refused_before_ = 0;
  std::int64_t time_before_ = 0;
};

} // namespace wsrelay
