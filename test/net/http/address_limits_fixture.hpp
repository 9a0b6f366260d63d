// Limits by address in simulated time, and those whom they let in.
#pragma once

#include "net/http/address_limits.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay::test {

inline bool trusts_nobody(std::string_view) {
  return false;
}

/// Limits, and those who have been let in.
struct limited {
  explicit limited(const address_limit_options& options,
                   trust is_trusted = trusts_nobody)
      : all{std::make_shared<address_limits>(options, std::move(is_trusted),
                                             counts)} {}

  /// Returns whether it may; then its place, if it has one, is the last one.
  bool connect(std::string_view address) {
    address_place place;
    refusal = all->connect(address, now, place);
    if (place)
      places.push_back(std::move(place));
    return !refusal;
  }

  bool request(std::string_view address) {
    refusal = all->request(address, now);
    return !refusal;
  }

  /// How many of its connections in a row are let in, at most `most`.
  std::size_t connects(std::string_view address, std::size_t most = 100) {
    std::size_t count = 0;
    while (count < most && connect(address))
      ++count;
    return count;
  }

  std::size_t requests(std::string_view address, std::size_t most = 100) {
    std::size_t count = 0;
    while (count < most && request(address))
      ++count;
    return count;
  }

  /// All refusals, of any kind.
  std::uint64_t refused() const {
    return counts.address_connections + counts.address_connects
           + counts.address_requests;
  }

  limit_counts counts;
  address_limits::time_point now{std::chrono::hours{24}};
  std::optional<problem> refusal; // the last one
  std::shared_ptr<address_limits> all;
  std::vector<address_place> places;
};

} // namespace wsrelay::test
