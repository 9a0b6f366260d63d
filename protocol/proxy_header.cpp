// Two parsers: the first byte tells which. The C library parses and prints
// addresses; nothing here opens a socket.
#include "protocol/proxy_header.hpp"

#include "protocol/text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace wsrelay {

namespace {

using proxy_header_result = result<std::optional<proxy_header>>;

failure malformed_proxy_header() {
  return {"the PROXY protocol header is malformed"};
}

proxy_header_result more_of_header() {
  return std::optional<proxy_header>{};
}

// Whether more bytes could make `bytes` begin with `start`, or they do.
bool may_start_with(std::string_view bytes, std::string_view start) {
  auto common = std::min(bytes.size(), start.size());
  return bytes.substr(0, common) == start.substr(0, common);
}

// -- addresses ----------------------------------------------------------------

constexpr std::size_t ipv4_size = 4;
constexpr std::size_t ipv6_size = 16;

// `bytes` are those of IPv6 or of IPv4.
std::string print_wire_address(std::string_view bytes) {
  constexpr std::string_view mapped{"\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12};
  if (bytes.size() == ipv6_size && bytes.starts_with(mapped))
    bytes.remove_prefix(mapped.size());
  auto family = bytes.size() == ipv4_size ? AF_INET : AF_INET6;
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(family, bytes.data(), text, sizeof(text));
  return text;
}

// `text` has no NUL.
std::optional<std::string> spell_line_address(int family,
                                              std::string_view text) {
  char bytes[ipv6_size] = {};
  if (inet_pton(family, std::string{text}.c_str(), bytes) != 1)
    return std::nullopt;
  return print_wire_address({bytes, family == AF_INET ? ipv4_size : ipv6_size});
}

// -- version 1 ----------------------------------------------------------------

// Section 2.1: the longest line, CR and LF included.
constexpr std::size_t max_proxy_line = 107;

struct line_kind {
  std::string_view start;
  std::string_view allowed; // characters after it; none = any but CR and LF
  int family;
};

constexpr line_kind line_kinds[] = {
    {"PROXY TCP4 ", "0123456789. ", AF_INET},
    {"PROXY TCP6 ", "0123456789abcdefABCDEF:. ", AF_INET6},
    {"PROXY UNKNOWN", "", AF_UNSPEC},
};

bool may_be_of_kind(std::string_view text, const line_kind& kind) {
  if (!may_start_with(text, kind.start))
    return false;
  auto rest = text.substr(std::min(text.size(), kind.start.size()));
  return kind.allowed.empty()
             ? rest.find('\n') == rest.npos
             : rest.find_first_not_of(kind.allowed) == rest.npos;
}

bool is_line_port(std::string_view text) {
  auto number = parse_decimal(text);
  return number && *number <= 65535
         && (text.size() == 1 || text.front() != '0');
}

// `text` is a line without its end.
std::optional<proxy_header> read_proxy_line(std::string_view text,
                                            const line_kind& kind) {
  if (text.size() < kind.start.size())
    return std::nullopt;
  proxy_header out{text.size() + 2, kind.family == AF_UNSPEC, {}, false};
  if (out.is_local)
    return out;
  auto parts = split(text.substr(kind.start.size()), ' ');
  if (parts.size() != 4 || !is_line_port(parts[2]) || !is_line_port(parts[3]))
    return std::nullopt;
  auto source = spell_line_address(kind.family, parts[0]);
  auto destination = spell_line_address(kind.family, parts[1]);
  if (!source || !destination)
    return std::nullopt;
  out.address = std::move(*source);
  return out;
}

proxy_header_result parse_line_header(std::string_view bytes) {
  auto line = bytes.substr(0, max_proxy_line);
  auto text = line.substr(0, line.find('\r'));
  const auto* kind =
      std::find_if(std::begin(line_kinds), std::end(line_kinds),
                   [text](const auto& x) { return may_be_of_kind(text, x); });
  if (kind == std::end(line_kinds) || text.size() + 2 > max_proxy_line)
    return malformed_proxy_header();
  if (text.size() == line.size())
    return more_of_header();
  auto header = read_proxy_line(text, *kind);
  auto after = line.substr(text.size() + 1);
  if (!header || !may_start_with(after, "\n"))
    return malformed_proxy_header();
  return after.empty() ? more_of_header() : header;
}

// -- version 2 ----------------------------------------------------------------

constexpr std::string_view binary_signature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t binary_start = 16; // with what tells the length

// Version in the upper half of the byte, command in the lower.
constexpr unsigned local_command = 0x20;
constexpr unsigned proxy_command = 0x21;

constexpr std::size_t unix_path_size = 108;

// Types of additional fields, and a bit of the client's byte: section 2.2.
constexpr unsigned checksum_type = 0x03;
constexpr unsigned tls_type = 0x20;
constexpr unsigned client_used_tls = 0x01;
constexpr std::size_t min_tls_value = 5; // the client's byte, and "verify"

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::size_t short_at(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

// What the specification calls unassigned "must be rejected as invalid by
// receivers": families above AF_UNIX (3), transports above DGRAM (2).
bool is_assigned_family(unsigned byte) {
  return byte >> 4 <= 3 && (byte & 0xF) <= 2;
}

// Bytes of both addresses with their ports. For the assigned families that a
// receiver has no use for, here datagrams, "it automatically falls back to the
// UNSPEC mode", where it "should ignore address information": 0.
std::size_t address_block_size(unsigned family) {
  switch (family) {
    case 0x11:
      return 2 * ipv4_size + 4;
    case 0x21:
      return 2 * ipv6_size + 4;
    case 0x31:
      return 2 * unix_path_size;
    default:
      return 0;
  }
}

std::string read_block_address(std::string_view block) {
  if (block.size() == 2 * unix_path_size)
    return "unix:";
  return print_wire_address(block.substr(0, (block.size() - 4) / 2));
}

// The polynomial 0x1EDC6F41 with its bits reversed (RFC 4960 appendix B): bit
// by bit, because a header is short and read once.
std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (auto c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
  }
  return ~crc;
}

// `checksum` is a part of `header`, which is summed with zeros in its place.
// In network order, as HAProxy and Amazon's balancers write it; RFC 4960 has
// the other one.
bool checksum_holds(std::string_view header, std::string_view checksum) {
  std::string zeroed{header};
  auto at = static_cast<std::size_t>(checksum.data() - header.data());
  zeroed.replace(at, checksum.size(), checksum.size(), '\0');
  return crc32c(zeroed)
         == (short_at(checksum, 0) << 16 | short_at(checksum, 2));
}

struct proxy_field {
  unsigned type;
  std::string_view value;
};

// Takes a field off the front of `rest`; nothing when it does not fit.
std::optional<proxy_field> take_proxy_field(std::string_view& rest) {
  if (rest.size() < 3 || rest.size() - 3 < short_at(rest, 1))
    return std::nullopt;
  proxy_field out{byte_at(rest, 0), rest.substr(3, short_at(rest, 1))};
  rest.remove_prefix(3 + out.value.size());
  return out;
}

// `rest` is the end of `header`, where the fields are. Two checksums could not
// both be right; and each would cost another pass.
bool read_proxy_fields(std::string_view header, std::string_view rest,
                       proxy_header& out) {
  std::string_view checksum;
  while (!rest.empty()) {
    auto field = take_proxy_field(rest);
    if (!field)
      return false;
    if (field->type == tls_type) {
      if (field->value.size() < min_tls_value)
        return false;
      out.is_tls |= (byte_at(field->value, 0) & client_used_tls) != 0;
    } else if (field->type == checksum_type) {
      if (!checksum.empty() || field->value.size() != 4)
        return false;
      checksum = field->value;
    }
  }
  return checksum.empty() || checksum_holds(header, checksum);
}

// As much of the first four bytes after the signature as there is.
bool may_be_binary(std::string_view bytes) {
  if (!may_start_with(bytes, binary_signature))
    return false;
  if (bytes.size() <= binary_signature.size())
    return true;
  auto command = byte_at(bytes, 12);
  // LOCAL: "discard the protocol block including the family".
  if (bytes.size() == 13 || command == local_command)
    return command == local_command || command == proxy_command;
  return command == proxy_command && is_assigned_family(byte_at(bytes, 13));
}

// `header` is whole, and no shorter than its addresses.
proxy_header_result read_binary_header(std::string_view header,
                                       std::size_t addresses) {
  proxy_header out{header.size(), addresses == 0, {}, false};
  if (out.is_local)
    return std::optional{std::move(out)};
  out.address = read_block_address(header.substr(binary_start, addresses));
  if (!read_proxy_fields(header, header.substr(binary_start + addresses), out))
    return malformed_proxy_header();
  return std::optional{std::move(out)};
}

proxy_header_result parse_binary_header(std::string_view bytes) {
  if (!may_be_binary(bytes))
    return malformed_proxy_header();
  if (bytes.size() < binary_start)
    return more_of_header();
  auto length = short_at(bytes, 14);
  auto addresses = byte_at(bytes, 12) == local_command
                       ? 0
                       : address_block_size(byte_at(bytes, 13));
  if (length < addresses)
    return malformed_proxy_header();
  if (binary_start + length > max_proxy_header)
    return failure{"the PROXY protocol header is too long"};
  if (bytes.size() < binary_start + length)
    return more_of_header();
  return read_binary_header(bytes.substr(0, binary_start + length), addresses);
}

} // namespace

result<std::optional<proxy_header>> parse_proxy_header(std::string_view bytes) {
  return bytes.starts_with('P') ? parse_line_header(bytes)
                                : parse_binary_header(bytes);
}

} // namespace wsrelay
