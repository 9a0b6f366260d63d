// Lookup, filtering and safety of header fields.
#include "protocol/http_fields.hpp"

#include "protocol/text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_set>

namespace wsrelay {

namespace {

// RFC 9110 section 7.6.1.
constexpr std::array<std::string_view, 6> hop_by_hop{
    "Connection", "Proxy-Connection",  "Keep-Alive",
    "TE",         "Transfer-Encoding", "Upgrade"};

constexpr std::string_view websocket_prefix = "Sec-WebSocket-";
constexpr std::string_view subprotocol_field = "Sec-WebSocket-Protocol";

bool is_alnum(char c) {
  auto letter = to_lower(c);
  return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9');
}

// RFC 9110 section 5.6.2.
bool is_token_char(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return is_alnum(c) || marks.find(c) != std::string_view::npos;
}

bool is_value_char(char c) {
  auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7F);
}

// A name as a variable, with "-" for each mark.
char fold(char c) {
  return is_alnum(c) ? to_lower(c) : '-';
}

std::string fold(std::string_view name) {
  std::string out{name};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return fold(c); });
  return out;
}

// The options of all Connection fields: more names of hop-by-hop fields.
std::unordered_set<std::string> connection_options(const http_fields& fields) {
  std::unordered_set<std::string> out;
  for (const auto& [name, value] : fields)
    if (same_field(name, "Connection"))
      for (std::string_view rest{value}; !rest.empty();) {
        auto comma = std::min(rest.find(','), rest.size());
        if (auto option = trim(rest.substr(0, comma)); !option.empty())
          out.insert(fold(option));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
  return out;
}

// The subprotocols that are offered, and the choice, are the application's.
bool is_hop_by_hop(std::string_view name) {
  return (begins_variable(name, websocket_prefix)
          && !same_field(name, subprotocol_field))
         || std::any_of(hop_by_hop.begin(), hop_by_hop.end(),
                        [name](std::string_view other) {
                          return same_variable(name, other);
                        });
}

} // namespace

bool same_field(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool same_variable(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return fold(x) == fold(y); });
}

bool begins_variable(std::string_view name, std::string_view prefix) noexcept {
  return same_variable(name.substr(0, prefix.size()), prefix);
}

std::optional<std::string_view> find_field(const http_fields& fields,
                                           std::string_view name) noexcept {
  for (const auto& field : fields)
    if (same_field(field.first, name))
      return field.second;
  return std::nullopt;
}

std::size_t count_fields(const http_fields& fields,
                         std::string_view name) noexcept {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(), [name](auto& field) {
        return same_field(field.first, name);
      }));
}

void erase_field(http_fields& fields, std::string_view name) {
  std::erase_if(fields, [name](const auto& field) {
    return same_field(field.first, name);
  });
}

bool has_token(std::string_view value, std::string_view token) noexcept {
  for (;;) {
    auto comma = std::min(value.find(','), value.size());
    if (same_field(trim(value.substr(0, comma)), token))
      return true;
    if (comma == value.size())
      return false;
    value.remove_prefix(comma + 1);
  }
}

void erase_hop_by_hop(http_fields& fields) {
  auto named = connection_options(fields);
  std::erase_if(fields, [&named](const auto& field) {
    return is_hop_by_hop(field.first) || named.contains(fold(field.first));
  });
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_safe_field(std::string_view name, std::string_view value) noexcept {
  return is_token(name)
         && std::all_of(value.begin(), value.end(), is_value_char);
}

} // namespace wsrelay
