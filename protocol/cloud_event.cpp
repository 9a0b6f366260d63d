// Names, times and the percent-encoding of CloudEvents.
#include "protocol/cloud_event.hpp"

#include "protocol/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace wsrelay {

namespace {

constexpr std::string_view ce_prefix = "ce-";

// Section 3.1.3.2: a space, a quote, a percent sign, and what is not printable
// ASCII.
bool is_plain_in_ce(char c) noexcept {
  return c > ' ' && c < '\x7F' && c != '"' && c != '%';
}

std::string encode_ce_value(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (auto c : value)
    if (is_plain_in_ce(c))
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}",
                     static_cast<unsigned char>(c));
  return out;
}

// -1 = no hexadecimal digit.
int ce_digit_of(char c) noexcept {
  if (is_digit(c))
    return c - '0';
  auto letter = to_lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// -1 = `text` does not begin with an escape.
int ce_escape_of(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '%')
    return -1;
  auto high = ce_digit_of(text[1]), low = ce_digit_of(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string ce_time_text(std::chrono::milliseconds time) {
  using namespace std::chrono;
  constexpr sys_time<milliseconds> first = sys_days{year{0} / January / 1};
  constexpr sys_time<milliseconds> end = sys_days{year{10000} / January / 1};
  auto when =
      std::clamp(sys_time<milliseconds>{time}, first, end - milliseconds{1});
  auto midnight = floor<days>(when);
  year_month_day date{midnight};
  hh_mm_ss clock{when - midnight};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                     static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

bool is_ce_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z');
  });
}

} // namespace

http_fields to_fields(const cloud_event& event) {
  http_fields out{{"ce-specversion", "1.0"},
                  {"ce-type", encode_ce_value(event.type)},
                  {"ce-source", encode_ce_value(event.source)},
                  {"ce-id", encode_ce_value(event.id)},
                  {"ce-time", ce_time_text(event.time)}};
  if (!event.subject.empty())
    out.emplace_back("ce-subject", encode_ce_value(event.subject));
  for (const auto& [name, value] : event.extensions) {
    auto field = std::string{ce_prefix}.append(name);
    if (is_ce_name(name) && !find_field(out, field))
      out.emplace_back(std::move(field), encode_ce_value(value));
  }
  return out;
}

std::string decode_ce_value(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  while (!value.empty()) {
    auto escape = ce_escape_of(value);
    out += escape < 0 ? value.front() : static_cast<char>(escape);
    value.remove_prefix(escape < 0 ? 1 : 3);
  }
  return out;
}

} // namespace wsrelay
