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

} // namespace wsrelay
