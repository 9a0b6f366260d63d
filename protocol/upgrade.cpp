// The opening handshake's checks.
#include "protocol/upgrade.hpp"

#include <algorithm>

namespace wsrelay {

namespace {

bool field_has_token(const http_fields& headers, std::string_view name,
                     std::string_view token) {
  return std::any_of(headers.begin(), headers.end(), [&](auto& field) {
    return same_field(field.first, name) && has_token(field.second, token);
  });
}

bool is_base64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
         || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

// 16 bytes are 22 digits and "==" (RFC 6455 section 4.1, point 7).
bool is_key(std::string_view text) {
  return text.size() == 24 && text.substr(22) == "=="
         && std::all_of(text.begin(), text.begin() + 22, is_base64);
}

// A client asks for one version (RFC 6455 section 4.1, point 9).
bool has_many_versions(const http_fields& headers) {
  auto version = find_field(headers, "Sec-WebSocket-Version").value_or("");
  return version.find(',') != version.npos
         || count_fields(headers, "Sec-WebSocket-Version") > 1;
}

} // namespace

bool is_websocket(const http_fields& headers) noexcept {
  return field_has_token(headers, "Upgrade", "websocket")
         && field_has_token(headers, "Connection", "upgrade");
}

bool asks_upgrade(std::string_view method,
                  const http_fields& headers) noexcept {
  return method == "GET" && is_websocket(headers);
}

std::optional<problem> check_upgrade(std::string_view method,
                                     const http_fields& headers) {
  if (!asks_upgrade(method, headers))
    return problem{426, "upgrade", "this endpoint speaks WebSocket only"};
  if (has_many_versions(headers))
    return problem{400, "upgrade", "Sec-WebSocket-Version is not one version"};
  if (find_field(headers, "Sec-WebSocket-Version") != "13")
    return problem{426, "upgrade", "only WebSocket version 13 is spoken"};
  auto key = find_field(headers, "Sec-WebSocket-Key");
  if (!key || count_fields(headers, "Sec-WebSocket-Key") != 1 || !is_key(*key))
    return problem{400, "upgrade", "Sec-WebSocket-Key is not a valid key"};
  return std::nullopt;
}

} // namespace wsrelay
