// How many WebSockets an endpoint has.
#pragma once

#include "config/config.hpp"
#include "net/loop/socket_places.hpp"

#include <atomic>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

namespace wsrelay {

/// One of the WebSockets of an endpoint, until it is destroyed.
class endpoint_place {
public:
  endpoint_place() = default;
  explicit endpoint_place(std::atomic<std::size_t>& count) : count_{&count} {}
  endpoint_place(endpoint_place&& other) noexcept
      : count_{std::exchange(other.count_, nullptr)} {}
  endpoint_place& operator=(endpoint_place&& other) noexcept {
    std::swap(count_, other.count_);
    return *this;
  }
  ~endpoint_place() {
    if (count_)
      --*count_;
  }

  explicit operator bool() const noexcept { return count_ != nullptr; }

private:
  std::atomic<std::size_t>* count_ = nullptr;
};

/// Of the endpoints with `max_connections`. Outlives its places. Any thread.
class endpoint_limits {
public:
  explicit endpoint_limits(const std::vector<endpoint_config>& endpoints) {
    for (auto& each : endpoints)
      if (each.max_connections > 0)
        open_[&each] = 0;
  }

  /// Returns whether there was a place for one more; then `place` is it, where
  /// the endpoint has a limit.
  bool take(const endpoint_config& endpoint, endpoint_place& place) {
    auto found = open_.find(&endpoint);
    if (found == open_.end())
      return true;
    if (!add_below(found->second, endpoint.max_connections))
      return false;
    place = endpoint_place{found->second};
    return true;
  }

private:
  std::map<const endpoint_config*, std::atomic<std::size_t>> open_;
};

} // namespace wsrelay
