// Compares addresses as 128 bits, IPv4 in its IPv6-mapped form.
#include "config/address_set.hpp"

#include "protocol/text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

namespace wsrelay {

namespace {

using address_bytes = std::array<std::uint8_t, 16>;

/// An address and the bits before its own in the 128.
struct parsed_address {
  address_bytes bytes;
  unsigned mapped_bits;
};

constexpr unsigned all_bits = 128;
constexpr unsigned mapped_prefix = 96;

std::optional<parsed_address> parse_v4(const std::string& text) {
  address_bytes bytes{};
  bytes[10] = bytes[11] = 0xFF; // ::ffff:0:0/96, RFC 4291 section 2.5.5.2
  if (inet_pton(AF_INET, text.c_str(), &bytes[12]) != 1)
    return std::nullopt;
  return parsed_address{bytes, mapped_prefix};
}

std::optional<parsed_address> parse_v6(const std::string& text) {
  address_bytes bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1)
    return std::nullopt;
  return parsed_address{bytes, 0};
}

std::optional<parsed_address> parse_address(std::string_view text) {
  if (text.find('\0') != text.npos)
    return std::nullopt; // inet_pton would stop there
  auto copy = std::string{text};
  auto address = parse_v4(copy);
  return address ? address : parse_v6(copy);
}

/// Returns the prefix in the 128 bits; without a text the whole address.
std::optional<unsigned> parse_prefix(std::optional<std::string_view> text,
                                     unsigned mapped_bits) {
  if (!text)
    return all_bits;
  auto value = parse_decimal(*text);
  if (!value || *value > all_bits - mapped_bits)
    return std::nullopt;
  return static_cast<unsigned>(*value) + mapped_bits;
}

/// Returns `bytes` with all bits behind the first `count` zero.
address_bytes first_bits(address_bytes bytes, unsigned count) {
  for (unsigned i = 0; i < bytes.size(); ++i) {
    auto kept =
        std::clamp(static_cast<int>(count) - static_cast<int>(8 * i), 0, 8);
    bytes[i] &= static_cast<std::uint8_t>(0xFF00 >> kept);
  }
  return bytes;
}

failure malformed() {
  return {"must be an IP address or a block such as 10.0.0.0/8"};
}

} // namespace

checked address_set::add(std::string_view text) {
  auto slash = text.find('/');
  auto address = parse_address(text.substr(0, slash));
  if (!address)
    return malformed();
  auto prefix =
      slash == text.npos ? std::nullopt : std::optional{text.substr(slash + 1)};
  auto bits = parse_prefix(prefix, address->mapped_bits);
  if (!bits)
    return malformed();
  if (first_bits(address->bytes, *bits) != address->bytes)
    return failure{"has bits beyond the prefix"};
  blocks_.push_back({address->bytes, *bits});
  return passed();
}

bool address_set::contains(std::string_view text) const {
  // The zone of a link-local address, "fe80::1%eth0", is no part of it.
  auto address = parse_address(text.substr(0, text.find('%')));
  return address
         && std::any_of(
             blocks_.begin(), blocks_.end(), [&address](const block& each) {
               return first_bits(address->bytes, each.prefix) == each.bytes;
             });
}

} // namespace wsrelay
