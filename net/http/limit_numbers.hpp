// How often the limits of a service were reached: config/REFERENCE.md,
// "Limits".
#pragma once

#include <cstdint>

namespace wsrelay {

/// Since the service was started; each refusal in one of the first eight.
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
  std::uint64_t parked = 0; // in all
  std::uint64_t park_resumed = 0;
  std::uint64_t park_over = 0;
  std::uint64_t park_evicted = 0;
};

} // namespace wsrelay
