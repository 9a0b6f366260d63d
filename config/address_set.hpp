// A set of IP addresses and CIDR blocks: whose relay header is trusted.
#pragma once

#include "protocol/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Addresses and blocks, IPv4 and IPv6. An IPv4 address and its IPv4-mapped
/// IPv6 form are the same.
class address_set {
public:
  /// Adds "10.0.0.0/8", "::1" or "192.0.2.7". Host bits beyond the prefix are a
  /// failure, so are names.
  checked add(std::string_view text);

  /// Returns whether the address, as text, is in the set. Text that is no
  /// address is not.
  bool contains(std::string_view address) const;

private:
  struct block {
    std::array<std::uint8_t, 16> bytes; // IPv6, or IPv4-mapped
    unsigned prefix;                    // 0 to 128
  };
  std::vector<block> blocks_;
};

} // namespace wsrelay
