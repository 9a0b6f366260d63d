// Hosts are split from their ports and checked character by character.
#include "protocol/host.hpp"

#include "protocol/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace wsrelay {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdefABCDEF";

// unreserved and sub-delims of RFC 3986 section 2.
constexpr std::string_view name_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    "-._~!$&'()*+,;=";

constexpr std::size_t ipv6_groups = 8;

failure not_a_host() {
  return {"the Host is not a host with an optional port"};
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of(hex_digits) == text.npos;
}

bool is_name(std::string_view text) {
  for (;;) {
    auto odd = text.find_first_not_of(name_characters);
    if (odd == text.npos)
      return true;
    auto escape = text.substr(odd, 3);
    if (escape.size() != 3 || escape[0] != '%' || !is_hex(escape.substr(1)))
      return false;
    text.remove_prefix(odd + 3);
  }
}

// Without leading zeros, which some readers take for octal.
bool is_octet(std::string_view text) {
  return text.size() <= 3 && (text.size() < 2 || text.front() != '0')
         && parse_decimal(text).value_or(256) <= 255;
}

bool is_ipv4_address(std::string_view text) {
  int octets = 0;
  for (;;) {
    auto dot = std::min(text.find('.'), text.size());
    if (!is_octet(text.substr(0, dot)) || ++octets > 4)
      return false;
    if (dot == text.size())
      return octets == 4;
    text.remove_prefix(dot + 1);
  }
}

bool is_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 && is_hex(text);
}

// How many groups of 16 bits `text` is, none when it is empty; more than there
// may be when it is malformed. An IPv4 address at the end counts two.
std::size_t count_groups(std::string_view text, bool ipv4_may_end) {
  constexpr auto malformed = ipv6_groups + 1;
  std::size_t count = text.empty() ? 0 : 1;
  for (; !text.empty() && count <= ipv6_groups; ++count) {
    auto colon = text.find(':');
    if (colon == text.npos) {
      auto is_ipv4 = ipv4_may_end && is_ipv4_address(text);
      return is_group(text) ? count : (is_ipv4 ? count + 1 : malformed);
    }
    if (!is_group(text.substr(0, colon)) || colon + 1 == text.size())
      return malformed;
    text.remove_prefix(colon + 1);
  }
  return count;
}

bool is_bracketed_address(std::string_view text) {
  return text.size() > 2 && text.front() == '[' && text.back() == ']'
         && is_ipv6_address(text.substr(1, text.size() - 2));
}

bool is_port(std::string_view text) {
  return text.empty()
         || parse_decimal(text).value_or(~std::uint64_t{0})
                <= std::numeric_limits<std::uint16_t>::max();
}

} // namespace

bool is_ipv6_address(std::string_view text) noexcept {
  auto gap = text.find("::");
  if (gap == text.npos)
    return count_groups(text, true) == ipv6_groups;
  // "::" stands for one group at least. What stands behind it cannot hold a
  // second one: that would be an empty group.
  auto before = count_groups(text.substr(0, gap), false);
  auto after = count_groups(text.substr(gap + 2), true);
  return before + after < ipv6_groups;
}

checked check_host(std::string_view value) {
  if (value.empty())
    return passed();
  auto bracket = value.starts_with('[') ? value.find(']') : 0;
  auto colon = value.find(':', std::min(bracket, value.size()));
  auto host = value.substr(0, colon);
  auto port =
      colon == value.npos ? std::string_view{} : value.substr(colon + 1);
  if (host.empty() || !is_port(port))
    return not_a_host();
  return is_bracketed_address(host) || is_name(host) ? passed() : not_a_host();
}

} // namespace wsrelay
