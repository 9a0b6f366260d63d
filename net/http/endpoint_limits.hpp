// How many WebSockets an endpoint has.
#pragma once

#include "config/config.hpp"
#include "net/loop/socket_places.hpp"

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay {

/// How many WebSockets of each endpoint are open, by its name; of those with a
/// limit. Any thread.
class endpoint_counts {
public:
  using count = std::shared_ptr<std::atomic<std::size_t>>;

  count of(const std::string& endpoint) {
    std::lock_guard guard{mutex_};
    auto& found = open_[endpoint];
    if (!found)
      found = std::make_shared<std::atomic<std::size_t>>(0);
    return found;
  }

private:
  std::mutex mutex_;
  std::map<std::string, count> open_;
};

/// One of the WebSockets of an endpoint, until it is destroyed.
class endpoint_place {
public:
  endpoint_place() = default;
  explicit endpoint_place(endpoint_counts::count count)
      : count_{std::move(count)} {}
  endpoint_place(endpoint_place&& other) noexcept = default;
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
  endpoint_counts::count count_;
};

/// Of the endpoints with `max_connections`. Any thread.
class endpoint_limits {
public:
  /// `open` outlives it.
  explicit endpoint_limits(endpoint_counts& open) : open_{open} {}

  /// Returns whether there was a place for one more; then `place` is it, where
  /// the endpoint has a limit.
  bool take(const endpoint_config& endpoint, endpoint_place& place) {
    if (endpoint.max_connections == 0)
      return true;
    auto count = open_.of(endpoint.name);
    if (!add_below(*count, endpoint.max_connections))
      return false;
    place = endpoint_place{std::move(count)};
    return true;
  }

private:
  endpoint_counts& open_;
};

} // namespace wsrelay
