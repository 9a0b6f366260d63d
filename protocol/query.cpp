// The one place that takes a query apart.
#include "protocol/query.hpp"

#include "protocol/path.hpp"
#include "protocol/utf8.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace wsrelay {

namespace {

std::optional<std::string> decode_form(std::string_view text) {
  std::string spaced{text};
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  auto result = percent_decode(spaced);
  return result && is_valid_utf8(*result) ? result : std::nullopt;
}

} // namespace

named_values read_query(std::string_view query) {
  named_values result;
  while (!query.empty()) {
    auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty())
      continue;
    auto mark = std::min(part.find('='), part.size());
    auto value = part.substr(std::min(mark + 1, part.size()));
    if (!result.add(decode_form(part.substr(0, mark)), decode_form(value)))
      break;
  }
  return result;
}

} // namespace wsrelay
