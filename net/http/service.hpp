// What the sockets of one http.service share, fixed once the service runs.
#pragma once

#include "config/address_set.hpp"
#include "config/route_table.hpp"
#include "net/http/nonce_cache.hpp"
#include "net/http/static_files.hpp"

#include <caf/actor.hpp>

#include <atomic>

namespace wsrelay {

/// Safe to use from every loop: constant, atomic or guarded by itself.
struct service {
  /// The configuration outlives the service.
  service(const relay_config& config, const service_config& settings,
          caf::actor directory)
      : settings{settings},
        routes{config, settings.name},
        directory{std::move(directory)} {
    for (auto& address : settings.trusted_proxies)
      static_cast<void>(trusted_proxies.add(address)); // validated before
  }

  const service_config& settings;
  route_table routes;
  address_set trusted_proxies;
  static_files files;
  nonce_cache nonces;
  caf::actor directory;
  caf::actor acceptor; // set before the first socket is accepted
  /// Whether an actor lives here or on a node that is connected.
  bool (*is_reachable)(const caf::actor& who) = nullptr;
  std::atomic<bool> stopping{false};
};

} // namespace wsrelay
