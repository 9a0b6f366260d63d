// Takes ws:// and wss:// URLs apart: RFC 6455 section 3, without user
// information.
#include "tools/bench/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace wsrelay::bench {

namespace {

constexpr std::string_view plain_scheme = "ws://";
constexpr std::string_view tls_scheme = "wss://";

bool is_port(std::string_view text) {
  unsigned value = 0;
  auto end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && at == end && value >= 1 && value <= 65535;
}

bool has_bad_character(std::string_view text) {
  auto is_bad = [](unsigned char c) {
    return c <= ' ' || c == 127 || c == '#';
  };
  return std::any_of(text.begin(), text.end(), is_bad);
}

// The end of the host: after the bracket of an IPv6 address, or at the colon.
std::size_t host_end(std::string_view authority) {
  if (!authority.empty() && authority.front() == '[')
    return std::min(authority.find(']'), authority.size() - 1) + 1;
  return std::min(authority.find(':'), authority.size());
}

std::string_view without_brackets(std::string_view host) {
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

} // namespace

std::string parse_url(const std::string& text, url& out) {
  std::string_view rest = text;
  auto tls = rest.starts_with(tls_scheme);
  auto scheme = tls ? tls_scheme : plain_scheme;
  if (!rest.starts_with(scheme))
    return fmt::format("URL does not begin with ws:// or wss://: {}", text);
  if (has_bad_character(rest))
    return fmt::format("URL has a space, a control character or '#': {}", text);
  rest.remove_prefix(scheme.size());
  auto authority = rest.substr(0, rest.find_first_of("/?"));
  auto path = rest.substr(authority.size());
  auto host = authority.substr(0, host_end(authority));
  auto port = authority.substr(host.size());
  auto name = without_brackets(host);
  if (name.empty() || name.find_first_of("@[]") != name.npos)
    return fmt::format("URL has no plain host: {}", text);
  if (!port.empty() && (port.front() != ':' || !is_port(port.substr(1))))
    return fmt::format("URL has a bad port: {}", text);
  out.text = text;
  out.tls = tls;
  out.host = name;
  out.port = port.empty() ? (tls ? "443" : "80") : port.substr(1);
  out.path =
      path.starts_with('/') ? std::string{path} : fmt::format("/{}", path);
  return {};
}

} // namespace wsrelay::bench
