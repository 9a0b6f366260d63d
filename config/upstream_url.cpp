// Splits an upstream's URL.
#include "config/upstream_url.hpp"

#include "config/listen_address.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace wsrelay {

namespace {

constexpr std::string_view plain_scheme = "http://";
constexpr std::string_view tls_scheme = "https://";

failure no_url() {
  return {"must be http://host[:port][/base], or https"};
}

/// What may stand in a request line, and no query or fragment.
bool is_path(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '?' && c != '#';
  });
}

/// The port may be missing: after the bracket of an IPv6 address, or at all.
bool has_port(std::string_view authority) {
  auto colon = authority.rfind(':');
  auto bracket = authority.rfind(']');
  return colon != std::string_view::npos
         && (bracket == std::string_view::npos || colon > bracket);
}

result<listen_address> parse_authority(std::string_view text,
                                       std::string_view default_port) {
  auto full = std::string{text};
  if (!has_port(text))
    full.append(":").append(default_port);
  auto address = parse_listen_address(full);
  if (!address || address->host.empty() || address->port == 0)
    return no_url();
  return address;
}

} // namespace

result<upstream_handler> parse_upstream_url(std::string_view url) {
  auto tls = url.starts_with(tls_scheme);
  if (!tls && !url.starts_with(plain_scheme))
    return no_url();
  auto rest = url.substr(tls ? tls_scheme.size() : plain_scheme.size());
  auto slash = std::min(rest.find('/'), rest.size());
  auto path = rest.substr(slash);
  auto address = parse_authority(rest.substr(0, slash), tls ? "443" : "80");
  if (!address || !is_path(path) || has_dot_segments(path))
    return no_url();
  while (path.ends_with('/'))
    path.remove_suffix(1);
  upstream_handler out;
  out.url = url;
  out.host = std::move(address->host);
  out.port = address->port;
  out.path = path;
  out.tls = tls;
  return out;
}

} // namespace wsrelay
