// Helpers on text, without locales.
#include "protocol/text.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace wsrelay {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (auto at = text.find(separator); at != std::string_view::npos;
       at = text.find(separator)) {
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  parts.push_back(text);
  return parts;
}

std::string_view trim(std::string_view text) noexcept {
  auto first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  text.remove_suffix(text.size() - text.find_last_not_of(" \t") - 1);
  return text;
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    c = to_lower(c);
  return out;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit))
    return std::nullopt;
  std::uint64_t value = 0;
  auto status =
      std::from_chars(text.data(), text.data() + text.size(), value).ec;
  return status == std::errc{} ? std::optional{value} : std::nullopt;
}

} // namespace wsrelay
