// Where a service listens, as `addr` writes it.
#pragma once

#include "config/listen_address.hpp"
#include "protocol/result.hpp"

#include <string>
#include <string_view>

namespace wsrelay {

/// One of the three; `tcp` unless one of the others is set.
struct service_address {
  listen_address tcp;
  std::string unix_path;    // absolute, at most 107 bytes
  std::string systemd_name; // FileDescriptorName of sockets that systemd passes

  bool is_tcp() const noexcept {
    return unix_path.empty() && systemd_name.empty();
  }
  bool operator==(const service_address&) const = default;
};

/// Parses "HOST:PORT" (`parse_listen_address`), "unix:/run/relay.sock" or
/// "systemd:NAME".
result<service_address> parse_service_address(std::string_view text);

/// Prints it so that `parse_service_address` reads it again.
std::string to_text(const service_address& value);

/// Returns whether only this machine can connect to it: a unix socket, or an
/// address of the loopback network. What systemd passes may be anything.
bool is_of_this_machine(const service_address& value);

/// Returns whether a host is "localhost" or a loopback address.
bool is_this_machine(std::string_view host);

} // namespace wsrelay
