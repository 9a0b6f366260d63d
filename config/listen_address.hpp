// "HOST:PORT" as configuration and command line write it.
#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay {

struct listen_address {
  /// An address or a name, without brackets. "" is every address, of IPv4 and
  /// of IPv6: who listens there opens one socket for both where the system has
  /// IPv6. "0.0.0.0" is every IPv4 address and no other.
  std::string host;
  std::uint16_t port = 0;

  bool operator==(const listen_address&) const = default;
};

/// Parses "127.0.0.1:8080", ":8080", "[::1]:0" or "localhost:80".
result<listen_address> parse_listen_address(std::string_view text);

/// Prints it so that `parse_listen_address` reads it again.
std::string to_text(const listen_address& value);

} // namespace wsrelay
