// How often the limits of a service were reached.
#pragma once

#include <atomic>
#include <cstdint>

namespace wsrelay {

/// Since the service was started, each refusal in one of them. Any thread.
struct limit_counts {
  using count = std::atomic<std::uint64_t>;

  count connections{0};          // max_connections
  count descriptors{0};          // the process had none left
  count address_connections{0};  // address_limits.connections
  count address_connects{0};     //   .connects
  count address_requests{0};     //   .requests
  count endpoint_connections{0}; // max_connections of an endpoint
  count key_refused{0};          // limit_max, the newest refused
  count key_closed{0};           //   the oldest closed
};

/// The same at a point in time, and `flow_counts`.
struct limit_numbers {
  std::uint64_t connections = 0;
  std::uint64_t descriptors = 0;
  std::uint64_t address_connections = 0;
  std::uint64_t address_connects = 0;
  std::uint64_t address_requests = 0;
  std::uint64_t endpoint_connections = 0;
  std::uint64_t key_refused = 0;
  std::uint64_t key_closed = 0;
  std::uint64_t rate_held_back = 0;
  std::uint64_t rate_ended = 0;
  std::uint64_t output_dropped = 0;
  std::uint64_t output_replaced = 0;
};

} // namespace wsrelay
