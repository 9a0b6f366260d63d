// The connections to upstreams that one loop keeps for later calls.
#pragma once

#include "config/config.hpp"
#include "net/http/upstream_wire.hpp"
#include "net/loop/loop.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace wsrelay {

/// What two upstreams must have in common to share connections.
struct upstream_key {
  explicit upstream_key(const upstream_handler& of)
      : tls{of.tls}, host{of.host}, port{of.port}, ca{of.ca} {}

  auto operator<=>(const upstream_key&) const = default;

  bool tls;
  std::string host;
  std::uint16_t port;
  std::string ca;
};

/// One that ends, or on which something comes, is dropped at once. Loop thread
/// only.
class upstream_pool {
public:
  explicit upstream_pool(loop& home);
  ~upstream_pool();

  upstream_pool(const upstream_pool&) = delete;
  upstream_pool& operator=(const upstream_pool&) = delete;

  /// Returns the one that was used last, or null.
  std::shared_ptr<upstream_wire> take(const upstream_handler& upstream);

  /// Keeps a connected wire for the upstream's `idle_timeout`. Above its
  /// `max_idle_connections` the oldest is closed.
  void keep(const upstream_handler& upstream,
            std::shared_ptr<upstream_wire> wire);

  /// Closes all.
  void clear();

  std::size_t size() const;

private:
  class idle_wire;
  using shelf = std::list<std::unique_ptr<idle_wire>>; // the newest is last

  loop& home_;
  std::map<upstream_key, shelf> shelves_;
};

} // namespace wsrelay
