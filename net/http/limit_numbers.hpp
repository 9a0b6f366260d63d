// How often the limits of a service were reached: config/REFERENCE.md,
// "Limits".
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

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

/// Returns the name of each and its number.
inline std::array<std::pair<std::string_view, std::uint64_t>, 16>
rows_of(const limit_numbers& x) {
  return {{{"connections", x.connections},
           {"descriptors", x.descriptors},
           {"address_connections", x.address_connections},
           {"address_connects", x.address_connects},
           {"address_requests", x.address_requests},
           {"endpoint_connections", x.endpoint_connections},
           {"key_refused", x.key_refused},
           {"key_closed", x.key_closed},
           {"rate_held_back", x.rate_held_back},
           {"rate_ended", x.rate_ended},
           {"output_dropped", x.output_dropped},
           {"output_replaced", x.output_replaced},
           {"parked", x.parked},
           {"park_resumed", x.park_resumed},
           {"park_over", x.park_over},
           {"park_evicted", x.park_evicted}}};
}

} // namespace wsrelay
