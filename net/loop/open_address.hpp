// From an address of the configuration to what listens there.
#pragma once

#include "config/config.hpp"
#include "net/loop/tcp_socket.hpp"
#include "protocol/result.hpp"

#include <vector>

namespace wsrelay {

/// Opens the sockets of one address of a service: one, or of systemd all that
/// have its name. A unix socket's file gets the service's mode and owner before
/// anybody can connect; one that nobody listens on is replaced, and it is
/// removed with the socket. Blocks for a name. The failure names the address.
result<std::vector<listening_socket>>
open_address(const service_config& settings, const service_address& address);

} // namespace wsrelay
