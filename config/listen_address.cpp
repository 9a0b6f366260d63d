// Splits and checks HOST:PORT.
#include "config/listen_address.hpp"

#include "config/address_set.hpp"
#include "protocol/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace wsrelay {

namespace {

/// Longest host name (RFC 1035 section 2.3.4, without the root's dot).
constexpr std::size_t max_host_length = 253;

failure malformed(std::string_view text) {
  return {fmt::format("must be HOST:PORT, not {:.64}", text)};
}

bool is_address(std::string_view text) {
  return text.find('/') == text.npos && address_set{}.add(text);
}

bool is_number(std::string_view text) {
  return text.find_first_not_of("0123456789") == text.npos;
}

bool is_label(std::string_view text) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

/// A name that ends in a number would be a misspelled IPv4 address.
bool is_host_name(std::string_view text) {
  auto labels = split(text, '.');
  return text.size() <= max_host_length
         && std::all_of(labels.begin(), labels.end(), is_label)
         && !is_number(labels.back());
}

bool is_bracketed(std::string_view text) {
  return text.size() > 2 && text.front() == '[' && text.back() == ']';
}

/// Returns the host without brackets; nothing when it is none. A bracketed one
/// is an IPv6 address, which has a colon, and no other is.
std::optional<std::string_view> parse_listen_host(std::string_view text) {
  auto bracketed = is_bracketed(text);
  auto host = bracketed ? text.substr(1, text.size() - 2) : text;
  auto has_colon = host.find(':') != host.npos;
  auto valid =
      is_address(host) || (!bracketed && (host.empty() || is_host_name(host)));
  return valid && has_colon == bracketed ? std::optional{host} : std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  auto port = parse_decimal(text);
  if (!port || *port > std::numeric_limits<std::uint16_t>::max())
    return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

} // namespace

result<listen_address> parse_listen_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == text.npos)
    return malformed(text);
  auto host = parse_listen_host(text.substr(0, colon));
  auto port = parse_port(text.substr(colon + 1));
  if (!host || !port)
    return malformed(text);
  return listen_address{std::string{*host}, *port};
}

std::string to_text(const listen_address& value) {
  if (value.host.find(':') != std::string::npos)
    return fmt::format("[{}]:{}", value.host, value.port);
  return fmt::format("{}:{}", value.host, value.port);
}

} // namespace wsrelay
