// Ranges of bytes.
#include "net/http/byte_range.hpp"

#include "protocol/http_fields.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace wsrelay {

namespace {

// Digits only; what needs more than 64 bits is far behind any end.
std::optional<std::uint64_t> parse_position(std::string_view text) noexcept {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit))
    return std::nullopt;
  return parse_decimal(text).value_or(
      std::numeric_limits<std::uint64_t>::max());
}

// The only member of a list that may have empty ones; nothing when it has none
// or more.
std::optional<std::string_view> only_member(std::string_view list) noexcept {
  std::optional<std::string_view> found;
  for (;;) {
    auto comma = std::min(list.find(','), list.size());
    auto member = trim(list.substr(0, comma));
    if (!member.empty() && found)
      return std::nullopt;
    if (!member.empty())
      found = member;
    if (comma == list.size())
      return found;
    list.remove_prefix(comma + 1);
  }
}

// "-n": the last bytes. Nothing of an empty file cannot be told as a range.
range_choice choose_suffix(std::string_view count,
                           std::uint64_t size) noexcept {
  auto wanted = parse_position(count);
  if (!wanted || (size == 0 && *wanted > 0))
    return {range_outcome::whole, 0, size};
  if (*wanted == 0)
    return {range_outcome::unsatisfiable};
  auto taken = std::min(*wanted, size);
  return {range_outcome::part, size - taken, taken};
}

} // namespace

range_choice choose_range(std::string_view value, std::uint64_t size) noexcept {
  const range_choice whole{range_outcome::whole, 0, size};
  auto equals = value.find('=');
  if (equals == value.npos
      || !same_field(trim(value.substr(0, equals)), "bytes"))
    return whole;
  auto range = only_member(value.substr(equals + 1));
  auto dash = range ? range->find('-') : value.npos;
  if (dash == value.npos)
    return whole;
  if (dash == 0)
    return choose_suffix(range->substr(1), size);
  auto first = parse_position(range->substr(0, dash));
  auto open = dash + 1 == range->size();
  auto last = open ? std::numeric_limits<std::uint64_t>::max()
                   : parse_position(range->substr(dash + 1));
  if (!first || !last || *last < *first)
    return whole;
  if (*first >= size)
    return {range_outcome::unsatisfiable};
  return {range_outcome::part, *first, std::min(*last, size - 1) - *first + 1};
}

} // namespace wsrelay
