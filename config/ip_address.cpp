// The C library parses and prints addresses; nothing here opens a socket.
#include "config/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace wsrelay {

namespace {

constexpr std::size_t mapped_bytes = 12; // before the four of IPv4

/// Longest name of a network interface: IF_NAMESIZE of Linux without its NUL.
constexpr std::size_t max_zone = 15;

bool is_mapped(const address_bytes& bytes) {
  constexpr std::array<std::uint8_t, mapped_bytes> prefix{
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

std::string print(const address_bytes& bytes) {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_mapped(bytes))
    inet_ntop(AF_INET, &bytes[mapped_bytes], text, sizeof(text));
  else
    inet_ntop(AF_INET6, bytes.data(), text, sizeof(text));
  return text;
}

bool is_zone(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-_.";
  return !text.empty() && text.size() <= max_zone
         && text.find_first_not_of(allowed) == text.npos;
}

} // namespace

std::optional<ip_address> parse_ip_address(std::string_view text) {
  // Longer is no address; and inet_pton would stop at a NUL.
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos)
    return std::nullopt;
  char copy[INET6_ADDRSTRLEN] = {};
  std::copy(text.begin(), text.end(), copy);
  ip_address out{{}, text.find(':') == text.npos};
  if (!out.is_ipv4)
    return inet_pton(AF_INET6, copy, out.bytes.data()) == 1 ? std::optional{out}
                                                            : std::nullopt;
  out.bytes[mapped_bytes - 2] = out.bytes[mapped_bytes - 1] = 0xFF;
  return inet_pton(AF_INET, copy, &out.bytes[mapped_bytes]) == 1
             ? std::optional{out}
             : std::nullopt;
}

std::optional<std::string> spell_address(std::string_view text) {
  auto percent = std::min(text.find('%'), text.size());
  auto address = parse_ip_address(text.substr(0, percent));
  if (!address)
    return std::nullopt;
  if (address->is_ipv4 && percent == text.size())
    return std::string{text}; // inet_pton takes one spelling alone
  auto out = print(address->bytes);
  if (percent == text.size())
    return out;
  auto zone = text.substr(percent + 1);
  if (is_mapped(address->bytes) || !is_zone(zone))
    return std::nullopt;
  return out.append("%").append(zone);
}

std::string normal_address(std::string_view text) {
  return spell_address(text).value_or(std::string{text});
}

} // namespace wsrelay
