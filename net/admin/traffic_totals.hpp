// The counts of a service's loops as one.
#pragma once

#include "actors/relay_counts.hpp"
#include "net/http/traffic_ledger.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace wsrelay {

/// Durations of several histograms.
struct duration_totals {
  std::array<std::uint64_t, duration_histogram::bounds.size() + 1> counts{};
  std::chrono::nanoseconds sum{0};

  void add(const duration_histogram& other) noexcept;
  void add(const duration_totals& other) noexcept;

  std::uint64_t total() const noexcept;

  /// Returns the upper bound of the bucket that holds this share of them; 0
  /// where there are none.
  std::chrono::microseconds quantile(double share) const noexcept;

  /// Returns those that have come since `before`; of whom some may have gone.
  duration_totals since(const duration_totals& before) const noexcept;
};

/// As `relay_counts`, of all loops.
struct traffic_totals {
  std::array<std::uint64_t, connection_phase_count> phases{};
  std::uint64_t requests = 0, opened = 0;
  std::uint64_t messages_in = 0, bytes_in = 0;
  std::uint64_t messages_out = 0, bytes_out = 0;
  std::uint64_t pauses = 0, transfers = 0, failed_transfers = 0;
  std::uint64_t dropped = 0, parked = 0;
  std::array<std::array<std::uint64_t, close_code_kinds>, end_cause_count>
      ended{};
  duration_totals answers, writes, handlers, upstreams;

  void add(const relay_counts& counts) noexcept;
  void add(const traffic_totals& other) noexcept;

  /// Returns how many connections are open.
  std::uint64_t open() const noexcept;
};

/// Returns the totals of each endpoint by its name.
std::map<std::string, traffic_totals> totals_of(const traffic_ledger& ledger);

} // namespace wsrelay
