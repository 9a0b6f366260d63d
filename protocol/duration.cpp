// Exact arithmetic on durations: a text that is no whole number of
// milliseconds is refused, never rounded.
#include "protocol/duration.hpp"

#include "protocol/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace wsrelay {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t milliseconds;
};

constexpr unit hours{"h", 3'600'000};
constexpr unit minutes{"m", 60'000};
constexpr unit seconds{"s", 1'000};
constexpr unit milliseconds{"ms", 1};

// "ms" comes before "m", which is a prefix of it.
constexpr std::array units{hours, milliseconds, minutes, seconds};

constexpr auto limit =
    static_cast<std::uint64_t>(std::chrono::milliseconds{max_duration}.count());

// An hour is 2^7 * 5^5 * 9 milliseconds, so no more decimals than these can
// leave a whole number of them.
constexpr std::size_t max_decimals = 7;

failure no_duration() {
  return {R"(not a duration such as "30s", "1m30s" or "500ms")"};
}

failure too_long() {
  return {fmt::format("longer than {} hours", max_duration.count())};
}

failure too_fine() {
  return {"finer than a millisecond"};
}

// Removes the digits at the front of `text`.
std::string_view take_digits(std::string_view& text) {
  auto size = std::min(text.find_first_not_of("0123456789"), text.size());
  auto digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

// Removes the unit at the front of `text`; 0 when there is none.
std::uint64_t take_unit(std::string_view& text) {
  for (const auto& candidate : units)
    if (text.starts_with(candidate.name)) {
      text.remove_prefix(candidate.name.size());
      return candidate.milliseconds;
    }
  return 0;
}

result<std::uint64_t> scale_whole(std::string_view digits,
                                  std::uint64_t scale) {
  auto value = parse_decimal(digits);
  if (!value || *value > limit / scale)
    return too_long();
  return *value * scale;
}

result<std::uint64_t> scale_decimals(std::string_view digits,
                                     std::uint64_t scale) {
  digits = digits.substr(0, digits.find_last_not_of('0') + 1);
  if (digits.size() > max_decimals)
    return too_fine();
  auto value = parse_decimal(digits).value_or(0) * scale;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (value % 10 != 0)
      return too_fine();
    value /= 10;
  }
  return value;
}

// Removes one number with its unit from the front of `text`.
result<std::uint64_t> take_part(std::string_view& text) {
  auto whole = take_digits(text);
  auto has_point = text.starts_with('.');
  text.remove_prefix(has_point ? 1 : 0);
  auto decimals = has_point ? take_digits(text) : std::string_view{};
  auto scale = take_unit(text);
  if (whole.empty() || (has_point && decimals.empty()) || scale == 0)
    return no_duration();
  auto value = scale_whole(whole, scale);
  auto fraction = scale_decimals(decimals, scale);
  if (!value || !fraction)
    return !value ? value : fraction;
  return *value + *fraction;
}

void append(std::string& out, std::uint64_t& rest, const unit& of) {
  if (auto count = rest / of.milliseconds; count > 0)
    out += fmt::format("{}{}", count, of.name);
  rest %= of.milliseconds;
}

} // namespace

result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text.empty())
    return no_duration();
  std::uint64_t sum = 0;
  while (!text.empty()) {
    auto part = take_part(text);
    if (!part)
      return part.error();
    sum += *part;
    if (sum > limit)
      return too_long();
  }
  if (sum == 0)
    return failure{"a duration must be more than zero"};
  return std::chrono::milliseconds{static_cast<std::int64_t>(sum)};
}

std::string to_text(std::chrono::milliseconds value) {
  std::string out;
  auto rest = static_cast<std::uint64_t>(value.count());
  for (const auto& each : {hours, minutes, seconds, milliseconds})
    append(out, rest, each);
  return out;
}

} // namespace wsrelay
