// Both kinds of fields become hops, nearest first, which are walked the same.
#include "config/client_view.hpp"

#include "config/config.hpp"
#include "config/ip_address.hpp"
#include "protocol/forwarded.hpp"
#include "protocol/host.hpp"
#include "protocol/result.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace wsrelay {

namespace {

constexpr std::string_view for_field = "X-Forwarded-For";
constexpr std::string_view proto_field = "X-Forwarded-Proto";
constexpr std::string_view host_field = "X-Forwarded-Host";
constexpr std::string_view forwarded_field = "Forwarded";
constexpr std::string_view real_ip_field = "X-Real-IP";
constexpr std::string_view any_prefix = "X-Forwarded-";

/// What proxies tell of the client; nothing where they do not.
struct told {
  std::optional<std::string> address;
  std::optional<std::string> scheme;
  std::optional<std::string> host;
};

/// A port behind an address, or the hidden one of RFC 7239 section 6.
bool is_port(std::string_view text) {
  constexpr std::string_view hidden = "abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789._-";
  if (text.starts_with('_'))
    return text.size() > 1 && text.find_first_not_of(hidden) == text.npos;
  return parse_decimal(text).value_or(~std::uint64_t{0})
         <= std::numeric_limits<std::uint16_t>::max();
}

/// Returns the address of "192.0.2.7", "192.0.2.7:80", "2001:db8::1",
/// "[2001:db8::1]" or "[2001:db8::1]:80".
std::optional<std::string> parse_node(std::string_view text) {
  auto bracketed = text.starts_with('[');
  auto end = bracketed ? text.find(']') : text.find(':');
  // More than one colon without brackets is an IPv6 address.
  if (!bracketed && end != text.rfind(':'))
    end = text.npos;
  if (end == text.npos)
    return bracketed ? std::nullopt : spell_address(text);
  auto address = text.substr(bracketed, end - bracketed);
  auto rest = text.substr(end + bracketed);
  auto is_ipv6 = address.find(':') != address.npos;
  if (is_ipv6 != bracketed || (!rest.empty() && rest.front() != ':')
      || (!rest.empty() && !is_port(rest.substr(1))))
    return std::nullopt;
  return spell_address(address);
}

std::optional<std::string> parse_scheme(std::string_view text) {
  auto scheme = to_lower(text);
  if (scheme == "https" || scheme == "wss")
    return "https";
  if (scheme == "http" || scheme == "ws")
    return "http";
  return std::nullopt;
}

std::optional<std::string> parse_host(std::string_view text) {
  return text.empty() || !check_host(text) ? std::nullopt
                                           : std::optional{std::string{text}};
}

/// Takes the last part of `list`, which is not empty, off it.
std::string_view take_last(std::string_view& list) {
  auto comma = list.rfind(',');
  auto out = list.substr(comma == list.npos ? 0 : comma + 1);
  list = list.substr(0, comma == list.npos ? 0 : comma);
  return trim(out);
}

/// The rightmost `max_hops` members of all fields called `name`, from the
/// right.
std::vector<std::string_view> members(const http_fields& headers,
                                      std::string_view name) {
  std::vector<std::string_view> out;
  for (auto i = headers.rbegin(); i != headers.rend(); ++i) {
    if (!same_field(i->first, name))
      continue;
    for (std::string_view rest{i->second}; !rest.empty();) {
      if (out.size() == max_hops)
        return out;
      if (auto member = take_last(rest); !member.empty())
        out.push_back(member);
    }
  }
  return out;
}

/// Reads a line of Forwarded that makes `size` bytes with those behind it.
result<std::vector<forwarded_element>> parse_within(std::string_view line,
                                                    std::size_t size) {
  if (size > max_forwarded_size)
    return failure{"there is too much of the Forwarded field"};
  return parse_forwarded(line);
}

/// The rightmost `max_hops` elements of all Forwarded fields, from the right.
/// A line is read from its begin: only that tells quoted commas from others.
/// One that goes beyond `max_forwarded_size` says nothing, which ends any walk.
std::vector<forwarded_element> elements(const http_fields& headers) {
  std::vector<forwarded_element> out;
  std::size_t size = 0;
  for (auto i = headers.rbegin(); i != headers.rend(); ++i) {
    if (out.size() == max_hops || size > max_forwarded_size)
      break;
    if (!same_field(i->first, forwarded_field))
      continue;
    size += i->second.size();
    auto parsed = parse_within(i->second, size);
    if (!parsed) {
      out.emplace_back();
      continue;
    }
    auto count = std::min(parsed->size(), max_hops - out.size());
    std::move(parsed->rbegin(),
              parsed->rbegin() + static_cast<std::ptrdiff_t>(count),
              std::back_inserter(out));
  }
  return out;
}

/// Where a walk along `count` hops ended: the client's address, if it is known,
/// and the hop that tells of it.
struct walk_end {
  std::optional<std::string> address;
  std::size_t hop = 0;
};

template <class NodeAt>
walk_end walk(std::size_t count, const trust& is_trusted, NodeAt node_at) {
  walk_end out;
  for (std::size_t i = 0; i < count; ++i) {
    out.hop = i;
    auto address = parse_node(node_at(i));
    if (!address)
      break;
    out.address = std::move(*address);
    if (!is_trusted(*out.address))
      break;
  }
  return out;
}

template <class Parse>
std::optional<std::string> member_at(const std::vector<std::string_view>& list,
                                     std::size_t hop, Parse parse) {
  if (list.empty())
    return std::nullopt;
  return parse(list[std::min(hop, list.size() - 1)]);
}

told read_x_forwarded(const http_fields& headers, const trust& is_trusted) {
  auto nodes = members(headers, for_field);
  auto end = walk(nodes.size(), is_trusted, [&](auto i) { return nodes[i]; });
  return {std::move(end.address),
          member_at(members(headers, proto_field), end.hop, parse_scheme),
          member_at(members(headers, host_field), end.hop, parse_host)};
}

told read_forwarded(const http_fields& headers, const trust& is_trusted) {
  auto hops = elements(headers);
  if (hops.empty())
    return {};
  auto end = walk(hops.size(), is_trusted, [&](auto i) {
    const auto& node = hops[i].node;
    return node ? std::string_view{*node} : std::string_view{};
  });
  const auto& last = hops[end.hop];
  return {std::move(end.address), parse_scheme(last.scheme.value_or("")),
          parse_host(last.host.value_or(""))};
}

/// What both agree on, or what the one says that says something.
std::string merge(const std::optional<std::string>& a,
                  const std::optional<std::string>& b,
                  std::string_view otherwise) {
  if (!a && !b)
    return std::string{otherwise};
  auto differ = a && b && !same_field(*a, *b);
  return differ ? std::string{otherwise} : (a ? *a : *b);
}

/// The trusted peer's list and the peer itself.
std::string extend(const std::vector<std::string>& list,
                   const std::string& last) {
  std::string out;
  for (const auto& each : list)
    out.append(each).append(", ");
  return out += last;
}

std::vector<std::string> values(const http_fields& headers,
                                std::string_view name) {
  std::vector<std::string> out;
  for (const auto& [key, value] : headers)
    if (same_field(key, name) && !trim(value).empty()
        && is_safe_field(key, value))
      out.emplace_back(trim(value));
  return out;
}

/// The lines of Forwarded that may be passed on.
std::vector<std::string> forwarded_lines(const http_fields& headers) {
  auto out = values(headers, forwarded_field);
  std::reverse(out.begin(), out.end());
  std::size_t size = 0;
  std::erase_if(out, [&size](const auto& line) {
    size += line.size();
    return !parse_within(line, size);
  });
  std::reverse(out.begin(), out.end());
  return out;
}

// RFC 7239 section 6: a unix socket has no name there.
std::string node_text(const std::string& address) {
  if (address == unix_peer)
    return "unknown";
  auto is_ipv6 = address.find(':') != address.npos;
  return is_ipv6 ? "[" + address + "]" : address;
}

} // namespace

client_view see_client(const http_fields& headers,
                       std::string_view peer_address, std::string_view scheme,
                       std::string_view host, const trust& is_trusted) {
  client_view out{normal_address(peer_address), std::string{scheme},
                  std::string{host}};
  if (!is_trusted(out.address))
    return out;
  auto x = read_x_forwarded(headers, is_trusted);
  auto y = read_forwarded(headers, is_trusted);
  return {merge(x.address, y.address, out.address),
          merge(x.scheme, y.scheme, scheme), merge(x.host, y.host, host)};
}

http_fields forwarded_fields(const http_fields& headers,
                             std::string_view peer_address,
                             std::string_view scheme, std::string_view host,
                             const trust& is_trusted) {
  auto client = see_client(headers, peer_address, scheme, host, is_trusted);
  auto peer = normal_address(peer_address);
  auto trusted = is_trusted(peer);
  auto nodes =
      trusted ? values(headers, for_field) : std::vector<std::string>{};
  http_fields out{{std::string{for_field}, extend(nodes, peer)},
                  {std::string{proto_field}, client.scheme}};
  if (auto known = parse_host(client.host))
    out.emplace_back(host_field, *known);
  if (!trusted)
    return out;
  if (find_field(headers, real_ip_field))
    out.emplace_back(real_ip_field, client.address);
  auto told = forwarded_lines(headers);
  if (!told.empty())
    out.emplace_back(forwarded_field,
                     extend(told, to_text({node_text(peer), std::string{scheme},
                                           parse_host(host)})));
  return out;
}

void erase_forwarded_fields(http_fields& headers) {
  std::erase_if(headers, [](const auto& field) {
    auto& name = field.first;
    return begins_variable(name, any_prefix)
           || same_variable(name, real_ip_field)
           || same_variable(name, forwarded_field);
  });
}

std::string_view host_of(std::string_view authority) {
  auto begin = authority.starts_with('[') ? authority.find(']') : 0;
  return authority.substr(0, authority.find(':', begin));
}

} // namespace wsrelay
