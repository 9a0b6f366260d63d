// Header fields of HTTP as a plain list, and which of them a proxy passes on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// Name and value in the order they came; names compare without case.
using http_fields = std::vector<std::pair<std::string, std::string>>;

/// Returns whether two field names are equal, ignoring the case of ASCII.
bool same_field(std::string_view a, std::string_view b) noexcept;

/// Returns whether an upstream may take two names for one. Servers make
/// variables of them: CGI (RFC 3875 section 4.1.18) and WSGI write "_" for "-",
/// lighttpd for all but letters and digits. So every such mark is like another.
bool same_variable(std::string_view a, std::string_view b) noexcept;

/// Returns whether `name` begins as `prefix`, in the sense of `same_variable`.
bool begins_variable(std::string_view name, std::string_view prefix) noexcept;

/// Returns the first value of `name`.
std::optional<std::string_view> find_field(const http_fields& fields,
                                           std::string_view name) noexcept;

/// Returns how many fields are called `name`.
std::size_t count_fields(const http_fields& fields,
                         std::string_view name) noexcept;

/// Removes every field called `name`.
void erase_field(http_fields& fields, std::string_view name);

/// Returns whether `value`, a comma-separated list, holds `token` (ignoring
/// case).
bool has_token(std::string_view value, std::string_view token) noexcept;

/// Returns whether `text` is a token (RFC 9110 section 5.6.2).
bool is_token(std::string_view text) noexcept;

/// Removes the hop-by-hop fields of RFC 9110 section 7.6.1: those it lists,
/// those a Connection field names, and WebSocket's Sec-WebSocket-* fields but
/// Sec-WebSocket-Protocol, which is between client and application.
/// Names compare as by `same_variable`.
void erase_hop_by_hop(http_fields& fields);

/// Returns whether `name` is a token and `value` has no control character but
/// tab: what may be written to a peer without splitting a message.
bool is_safe_field(std::string_view name, std::string_view value) noexcept;

} // namespace wsrelay
