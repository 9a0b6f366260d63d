// The log's lines about upstreams that fail: one that is down fails with every
// request, and shall not fill the log.
#pragma once

#include "config/config.hpp"
#include "net/loop/loop_timer.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace wsrelay {

/// One loop's.
class upstream_failures {
public:
  /// Of each upstream no more than one line is written in this time.
  static constexpr auto quiet_time = std::chrono::seconds{5};

  /// Logs why a call failed, and how many lines were left out before it.
  void report(const upstream_handler& upstream, std::string_view why,
              time_point now);

private:
  struct line {
    time_point next{};
    std::size_t left_out = 0;
  };

  std::map<std::string, line> lines_; // by URL: those of the configuration
};

} // namespace wsrelay
