#include "tools/bench/upgrade_request.hpp"

#include <fmt/format.h>

namespace wsrelay::bench {

namespace {

// 16 bytes as base64; the example of RFC 6455 section 1.3.
constexpr auto key = "dGhlIHNhbXBsZSBub25jZQ==";

} // namespace

std::string make_upgrade_request(const options& opts) {
  const auto& to = opts.target;
  bool is_ipv6 = to.host.find(':') != std::string::npos;
  auto host = is_ipv6 ? fmt::format("[{}]", to.host) : to.host;
  auto request = fmt::format("GET {} HTTP/1.1\r\n"
                             "Host: {}:{}\r\n"
                             "Upgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Key: {}\r\n"
                             "Sec-WebSocket-Version: 13\r\n",
                             to.path, host, to.port, key);
  if (opts.deflate)
    request += "Sec-WebSocket-Extensions: permessage-deflate; "
               "server_no_context_takeover; client_no_context_takeover\r\n";
  for (const auto& line : opts.headers)
    request += line + "\r\n";
  return request + "\r\n";
}

} // namespace wsrelay::bench
