// Where a service listens: all of its addresses.
#pragma once

#include "config/config.hpp"
#include "net/loop/listener.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

/// The listeners of a service, which deal sockets to the same loops. One
/// thread, none of the loops'; the loops outlive it.
class service_ports {
public:
  explicit service_ports(const service_config& settings)
      : settings_{settings} {}

  /// Opens each address of the service, or none. Failures name the address.
  /// Blocks for names.
  checked open(const std::vector<loop*>& loops,
               const std::shared_ptr<socket_places>& places,
               const listener::serve_function& serve,
               const listener::busy_function& busy);

  /// Begins to accept.
  void start();

  /// Closes all for good and waits until that has happened.
  void stop();

  /// Returns the port of the first one that is TCP's; 0 without.
  std::uint16_t port() const;

  /// Returns "http://HOST:PORT", with `tls` "https://", or the address as it
  /// is configured, for each in their order.
  std::vector<std::string> urls() const;

private:
  struct open_port {
    const service_address* address;
    std::shared_ptr<listener> accepts;
  };

  std::string url_of(const open_port& port) const;

  const service_config& settings_;
  std::vector<open_port> all_;
};

} // namespace wsrelay
