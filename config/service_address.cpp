// Splits and checks an address by its scheme.
#include "config/service_address.hpp"

#include "config/ip_address.hpp"

#include "protocol/utf8.hpp"

#include <fmt/format.h>

namespace wsrelay {

namespace {

constexpr std::string_view unix_scheme = "unix:";
constexpr std::string_view systemd_scheme = "systemd:";

// sun_path of unix(7), without the zero behind it.
constexpr std::size_t max_unix_path = 107;

// systemd.socket(5), FileDescriptorName=.
constexpr std::size_t max_systemd_name = 255;

result<service_address> parse_unix(std::string_view path) {
  if (!path.starts_with('/') || path.ends_with('/') || !is_plain_utf8(path))
    return failure{fmt::format("must be unix:/PATH, from the root on, not "
                               "unix:{:.64}",
                               path)};
  if (path.size() > max_unix_path)
    return failure{fmt::format("must have a path of at most {} bytes, not {}",
                               max_unix_path, path.size())};
  return service_address{{}, std::string{path}, {}};
}

bool is_systemd_name(std::string_view text) {
  return !text.empty() && text.size() <= max_systemd_name
         && text.find(':') == text.npos && is_plain_utf8(text);
}

} // namespace

result<service_address> parse_service_address(std::string_view text) {
  if (text.starts_with(unix_scheme))
    return parse_unix(text.substr(unix_scheme.size()));
  if (text.starts_with(systemd_scheme)) {
    auto name = text.substr(systemd_scheme.size());
    if (!is_systemd_name(name))
      return failure{"must be systemd:NAME, a FileDescriptorName of a .socket "
                     "unit"};
    return service_address{{}, {}, std::string{name}};
  }
  auto tcp = parse_listen_address(text);
  if (!tcp)
    return failure{fmt::format("must be HOST:PORT, unix:/PATH or systemd:NAME, "
                               "not {:.64}",
                               text)};
  return service_address{std::move(*tcp), {}, {}};
}

std::string to_text(const service_address& value) {
  if (!value.unix_path.empty())
    return std::string{unix_scheme} + value.unix_path;
  if (!value.systemd_name.empty())
    return std::string{systemd_scheme} + value.systemd_name;
  return to_text(value.tcp);
}

bool is_of_this_machine(const service_address& value) {
  return value.is_tcp() ? is_this_machine(value.tcp.host)
                        : !value.unix_path.empty();
}

bool is_this_machine(std::string_view host) {
  if (host == "localhost")
    return true;
  auto address = parse_ip_address(host);
  return address
         && (address->is_ipv4 ? host.starts_with("127.")
                              : normal_address(host) == "::1");
}

} // namespace wsrelay
