// Compares addresses as 128 bits, IPv4 in its IPv6-mapped form.
#include "config/address_set.hpp"

#include "config/ip_address.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <optional>

namespace wsrelay {

namespace {

constexpr unsigned all_bits = 128;
constexpr unsigned mapped_prefix = 96;

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

/// Whether `a` and `b` begin with the same `count` bits.
bool same_bits(const address_bytes& a, const address_bytes& b, unsigned count) {
  auto whole = count / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin()))
    return false;
  return count % 8 == 0 || (a[whole] ^ b[whole]) >> (8 - count % 8) == 0;
}

failure no_block() {
  return {"must be an IP address or a block such as 10.0.0.0/8"};
}

} // namespace

checked address_set::add(std::string_view text) {
  auto slash = text.find('/');
  auto address = parse_ip_address(text.substr(0, slash));
  if (!address)
    return no_block();
  auto prefix =
      slash == text.npos ? std::nullopt : std::optional{text.substr(slash + 1)};
  auto bits = parse_prefix(prefix, address->is_ipv4 ? mapped_prefix : 0);
  if (!bits)
    return no_block();
  if (first_bits(address->bytes, *bits) != address->bytes)
    return failure{"has bits beyond the prefix"};
  blocks_.push_back({address->bytes, *bits});
  return passed();
}

bool address_set::contains(std::string_view text) const {
  // The zone of a link-local address, "fe80::1%eth0", is no part of it.
  auto address = parse_ip_address(text.substr(0, text.find('%')));
  return address
         && std::any_of(
             blocks_.begin(), blocks_.end(), [&address](const block& each) {
               return same_bits(address->bytes, each.bytes, each.prefix);
             });
}

} // namespace wsrelay
