// "HOST:PORT" as configuration and command line write it.
#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay {

struct listen_address {
  std::string
      host; // an address or a name, without brackets; "" = every address
  std::uint16_t port = 0;
};

/// Parses "127.0.0.1:8080", ":8080", "[::1]:0" or "localhost:80".
result<listen_address> parse_listen_address(std::string_view text);

/// Prints it so that `parse_listen_address` reads it again.
std::string to_text(const listen_address& value);

} // namespace wsrelay
