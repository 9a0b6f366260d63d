// IP addresses as text: one spelling for each.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

/// The bits of an address: IPv6, or IPv4 in its IPv6-mapped form, ::ffff:0:0/96
/// (RFC 4291 section 2.5.5.2).
using address_bytes = std::array<std::uint8_t, 16>;

/// An address and how it was written.
struct ip_address {
  address_bytes bytes{};
  bool is_ipv4 = false; // as "192.0.2.7"; a mapped one is written as IPv6
};

/// Parses "192.0.2.7" or "2001:db8::1"; nothing for anything else, a zone
/// included. No name is looked up.
std::optional<ip_address> parse_ip_address(std::string_view text);

/// Returns the one spelling of an address: IPv4 for an IPv4-mapped one, and
/// IPv6 as RFC 5952 has it. The zone of a link-local address, "fe80::1%eth0",
/// stays. Nothing for text that is no address.
std::optional<std::string> spell_address(std::string_view text);

/// As `spell_address`; text that is no address is returned as it is.
std::string normal_address(std::string_view text);

} // namespace wsrelay
