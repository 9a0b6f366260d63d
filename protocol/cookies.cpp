// What clients send, not what RFC 6265 lets servers set: nearly anything.
#include "protocol/cookies.hpp"

#include "protocol/text.hpp"
#include "protocol/utf8.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

namespace {

std::optional<std::string> checked_text(std::string_view text) {
  return is_valid_utf8(text) ? std::optional{std::string{text}} : std::nullopt;
}

std::string_view without_quotes(std::string_view text) {
  auto is_quoted =
      text.size() >= 2 && text.starts_with('"') && text.ends_with('"');
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

bool add_cookie(named_values& all, std::string_view part) {
  auto mark = part.find('=');
  auto name = trim(part.substr(0, mark));
  if (mark == part.npos || name.empty())
    return all.add(std::nullopt, std::nullopt);
  auto value = without_quotes(trim(part.substr(mark + 1)));
  return all.add(checked_text(name), checked_text(value));
}

// Returns whether there is room for more.
bool add_cookies(named_values& all, std::string_view field) {
  while (!field.empty()) {
    auto part = field.substr(0, field.find(';'));
    field.remove_prefix(std::min(part.size() + 1, field.size()));
    part = trim(part);
    if (!part.empty() && !add_cookie(all, part))
      return false;
  }
  return true;
}

} // namespace

named_values read_cookies(const http_fields& headers) {
  named_values result;
  for (auto& [name, value] : headers)
    if (same_field(name, "cookie") && !add_cookies(result, value))
      break;
  return result;
}

} // namespace wsrelay
