// Origins are parsed strictly, so that comparing them is comparing text.
#include "protocol/origin.hpp"

#include "protocol/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>

namespace wsrelay {

namespace {

constexpr std::string_view scheme_end = "://";
constexpr std::size_t max_host_length = 253; // RFC 1035 section 2.3.4, as text

constexpr std::string_view any_label = "*";

// Host and port as they stand; the port is absent without its ":".
struct authority {
  std::string_view host;
  std::optional<std::string_view> port;
};

failure not_an_origin() {
  return {R"(not an origin such as "https://app.example.com")"};
}

// 0 for a scheme that is unknown here.
std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "https")
    return 443;
  return scheme == "http" ? 80 : 0;
}

// The colons of an IPv6 address stand inside its brackets.
authority split_authority(std::string_view text) {
  auto host_end = text.starts_with('[') ? text.find(']') : 0;
  auto colon = text.find(':', std::min(host_end, text.size()));
  if (colon == text.npos)
    return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// 0 when the text is no port.
std::uint16_t parse_port(std::string_view text) {
  auto port = parse_decimal(text).value_or(0);
  return port <= std::numeric_limits<std::uint16_t>::max()
             ? static_cast<std::uint16_t>(port)
             : 0;
}

// Only the characters: what is no address never equals what a browser sends.
bool is_ipv6(std::string_view host) {
  return host.size() >= 4 && host.starts_with('[') && host.ends_with(']')
         && host.find_first_not_of("0123456789abcdef:.", 1) == host.size() - 1
         && host.find(':') != host.npos;
}

// Letters, digits, "-" and "_"; names outside ASCII come in their "xn--" form.
bool is_label(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

bool is_host(std::string_view host) {
  auto labels = split(host, '.');
  return host.size() <= max_host_length
         && (is_ipv6(host)
             || std::all_of(labels.begin(), labels.end(), is_label));
}

bool is_host_pattern(std::string_view host) {
  auto labels = split(host, '.');
  return host.size() <= max_host_length
         && std::all_of(labels.begin(), labels.end(),
                        [](std::string_view label) {
                          return label == any_label || is_label(label);
                        })
         && std::any_of(labels.begin(), labels.end(), is_label);
}

// "a.example." is absolute and else the same name (RFC 1034 section 3.1).
std::string_view without_root(std::string_view host) {
  auto is_absolute = host.ends_with('.') && !host.starts_with('[');
  return host.substr(0, host.size() - (is_absolute ? 1 : 0));
}

// Returns `text` without its path; nothing when it has none.
std::optional<std::string_view> without_path(std::string_view text) {
  auto scheme = text.find(scheme_end);
  if (scheme == text.npos)
    return std::nullopt;
  auto slash = text.find('/', scheme + scheme_end.size());
  return slash == text.npos ? std::nullopt
                            : std::optional{text.substr(0, slash)};
}

// Parses everything and leaves the host, in lower case, to the caller.
result<origin> parse_parts(std::string_view text) {
  auto end = text.find(scheme_end);
  if (end == text.npos)
    return not_an_origin();
  auto scheme = to_lower(text.substr(0, end));
  auto [host, port] = split_authority(text.substr(end + scheme_end.size()));
  auto number = port ? parse_port(*port) : default_port(scheme);
  if (default_port(scheme) == 0 || number == 0)
    return not_an_origin();
  return origin{std::move(scheme), to_lower(without_root(host)), number};
}

bool matches_host(std::string_view pattern, std::string_view host) {
  auto wanted = split(pattern, '.');
  auto labels = split(host, '.');
  return std::equal(wanted.begin(), wanted.end(), labels.begin(), labels.end(),
                    [](std::string_view want, std::string_view label) {
                      return want == any_label || want == label;
                    });
}

bool matches(const origin_pattern& pattern, const origin& value) {
  return pattern.any
         || (pattern.value.scheme == value.scheme
             && pattern.value.port == value.port
             && matches_host(pattern.value.host, value.host));
}

bool allows_any(const origin_policy& policy) {
  return std::any_of(policy.allowed.begin(), policy.allowed.end(),
                     [](const origin_pattern& each) { return each.any; });
}

bool allows(const origin_policy& policy, const origin& value,
            const std::optional<origin>& self) {
  if (policy.allowed.empty())
    return self == value;
  return std::any_of(
      policy.allowed.begin(), policy.allowed.end(),
      [&value](const origin_pattern& each) { return matches(each, value); });
}

} // namespace

result<origin> parse_origin(std::string_view text) {
  auto parsed = parse_parts(text);
  if (parsed && !is_host(parsed->host))
    return not_an_origin();
  return parsed;
}

result<origin_pattern> parse_origin_pattern(std::string_view text) {
  if (text == any_label)
    return origin_pattern{true, {}};
  if (auto origin = without_path(text); origin && parse_origin_pattern(*origin))
    return failure{fmt::format("an origin has no path: write {}", *origin)};
  auto parsed = parse_parts(text);
  if (!parsed)
    return parsed.error();
  if (!is_host(parsed->host) && !is_host_pattern(parsed->host))
    return failure{"not a host; a \"*\" stands for one whole label, and not "
                   "for every label"};
  return origin_pattern{false, std::move(*parsed)};
}

std::string to_text(const origin_pattern& pattern) {
  if (pattern.any)
    return std::string{any_label};
  const auto& [scheme, host, port] = pattern.value;
  if (port == default_port(scheme))
    return fmt::format("{}://{}", scheme, host);
  return fmt::format("{}://{}:{}", scheme, host, port);
}

checked check_origin(const origin_policy& policy,
                     std::optional<std::string_view> header,
                     const std::optional<origin>& self) {
  if (!header && policy.require_origin)
    return failure{"the request needs an Origin header"};
  if (!header || allows_any(policy))
    return passed();
  auto value = parse_origin(*header);
  if (!value || !allows(policy, *value, self))
    return failure{"the origin is not allowed here"};
  return passed();
}

std::optional<origin> self_origin(std::string_view scheme,
                                  std::string_view host_header) {
  auto parsed = parse_origin(fmt::format("{}://{}", scheme, host_header));
  return parsed ? std::optional{std::move(*parsed)} : std::nullopt;
}

} // namespace wsrelay
