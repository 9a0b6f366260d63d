// One sentence for each value that cannot be.
#include "tools/wsrelay/option_checks.hpp"

#include "config/listen_address.hpp"
#include "net/loop/local_socket.hpp"
#include "protocol/close_code.hpp"
#include "protocol/duration.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/json.hpp"
#include "protocol/text.hpp"

#include <cstdint>
#include <string_view>

namespace wsrelay::cli {

// "unix:/path", "/path".
std::string socket_path(const std::string& text) {
  constexpr std::string_view scheme = "unix:";
  auto path = text.starts_with("unix:/") ? text.substr(scheme.size()) : text;
  return is_socket_path(path) ? path : std::string{};
}

std::string check_node(const std::string& text) {
  if (!socket_path(text).empty())
    return {};
  auto parsed = parse_listen_address(text);
  auto good = parsed && !parsed->host.empty() && parsed->port != 0;
  return good ? std::string{}
              : "must be HOST:PORT or the whole path of a unix socket: " + text;
}

std::string check_timeout(const std::string& text) {
  auto parsed = parse_duration(text);
  return parsed ? std::string{} : parsed.error().what;
}

std::string check_field(const std::string& text) {
  auto colon = text.find(':');
  auto good = colon != std::string::npos
              && is_safe_field(text.substr(0, colon), text.substr(colon + 1));
  return good ? std::string{} : "not 'Name: value': " + text;
}

std::string check_param(const std::string& text) {
  auto equals = text.find('=');
  return equals == 0 || equals == text.npos ? "not NAME=VALUE: " + text
                                            : std::string{};
}

std::string check_body(const std::string& text) {
  auto json = check_json(text);
  return json ? std::string{} : "not JSON: " + json.error().what;
}

std::string check_code(const std::string& text) {
  auto code = parse_decimal(text);
  auto good =
      code && *code <= 0xffff && is_sendable(static_cast<std::uint16_t>(*code));
  return good ? std::string{}
              : "no close code that may be sent (1000 to 1003, 1007 to 1014, "
                "3000 to 4999): "
                    + text;
}

std::string check_admin_url(const std::string& text) {
  std::string_view rest = text;
  for (std::string_view scheme : {"http://", "https://", "unix:/"})
    if (rest.starts_with(scheme) && rest.size() > scheme.size()
        && rest.find_first_of(" \t?#", scheme.size()) == rest.npos)
      return rest.starts_with("unix:")
                     || rest.find('/', scheme.size()) == rest.npos
                 ? std::string{}
                 : "no path can stand behind the host: " + text;
  return "not http://HOST:PORT, https://HOST:PORT or unix:/PATH: " + text;
}

} // namespace wsrelay::cli
