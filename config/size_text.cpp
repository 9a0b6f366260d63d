// Parses and checks numbers and sizes.
#include "config/size_text.hpp"

#include "config/findings.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

namespace wsrelay {

namespace {

constexpr auto largest = std::numeric_limits<std::uint64_t>::max();

constexpr std::pair<std::string_view, std::uint64_t> units[] = {
    {"KiB", kib}, {"MiB", mib}, {"GiB", gib}};

/// Cuts a unit off and returns its factor.
std::uint64_t take_unit(std::string_view& text) {
  for (auto [unit, factor] : units) {
    if (text.ends_with(unit)) {
      text.remove_suffix(unit.size());
      return factor;
    }
  }
  return 1;
}

/// Parses digits; a number that is too large becomes the largest one.
std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::uint64_t value = 0;
  auto end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || stop != end)
    return std::nullopt;
  return error == std::errc::result_out_of_range ? largest : value;
}

std::string size_text(std::uint64_t value) {
  for (auto i = std::size(units); i-- > 0;) {
    auto [unit, factor] = units[i];
    if (value > 0 && value % factor == 0)
      return fmt::format("{}{}", value / factor, unit);
  }
  return std::to_string(value);
}

failure out_of_range(std::string_view text, number_range range) {
  auto min = range.bytes ? size_text(range.min) : std::to_string(range.min);
  auto max = range.bytes ? size_text(range.max) : std::to_string(range.max);
  return {fmt::format("must be {} to {}, not {}", min, max, shown(text))};
}

failure not_a_number(std::string_view text, number_range range) {
  auto wanted =
      range.bytes ? "a size such as 65536, 64KiB or 1MiB" : "a whole number";
  return {fmt::format("must be {}, not {}", wanted, shown(text))};
}

} // namespace

result<std::uint64_t> parse_number(std::string_view text, number_range range) {
  auto digits = text;
  auto negative = digits.starts_with('-');
  digits.remove_prefix(negative ? 1 : 0);
  auto factor = range.bytes ? take_unit(digits) : 1;
  auto value = parse_digits(digits);
  if (!value)
    return not_a_number(text, range);
  if (negative || *value > range.max / factor || *value * factor < range.min)
    return out_of_range(text, range);
  return *value * factor;
}

checked check_number(std::uint64_t value, number_range range) {
  if (value < range.min || value > range.max)
    return out_of_range(std::to_string(value), range);
  return passed();
}

} // namespace wsrelay
