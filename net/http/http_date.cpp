// Dates of HTTP, without locales, time zones and clocks.
#include "net/http/http_date.hpp"

#include "protocol/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace wsrelay {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed",
                                               "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days{
    "Sunday",   "Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr",
                                                  "May", "Jun", "Jul", "Aug",
                                                  "Sep", "Oct", "Nov", "Dec"};

// Takes the parts of a date from the front of a text. After the first part that
// is not there nothing is taken any more.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_{text} {}

  scanner& skip(std::string_view literal) {
    good_ = good_ && rest_.starts_with(literal);
    if (good_)
      rest_.remove_prefix(literal.size());
    return *this;
  }

  template <std::size_t N>
  scanner& name(const std::array<std::string_view, N>& names, unsigned& out) {
    auto found = std::find_if(names.begin(), names.end(), [this](auto& each) {
      return rest_.starts_with(each);
    });
    good_ = good_ && found != names.end();
    if (good_) {
      out = static_cast<unsigned>(found - names.begin());
      rest_.remove_prefix(found->size());
    }
    return *this;
  }

  scanner& digits(std::size_t count, unsigned& out) {
    auto number = parse_decimal(rest_.substr(0, count));
    good_ = good_ && rest_.size() >= count && number;
    if (good_) {
      out = static_cast<unsigned>(*number);
      rest_.remove_prefix(count);
    }
    return *this;
  }

  // asctime writes a day below ten with a blank in front.
  scanner& padded_day(unsigned& out) {
    return rest_.starts_with(' ') ? skip(" ").digits(1, out) : digits(2, out);
  }

  bool is_done() const { return good_ && rest_.empty(); }

private:
  std::string_view rest_;
  bool good_ = true;
};

struct parts {
  unsigned year, month, day, hour, minute, second, weekday;

  scanner& time(scanner& in) {
    return in.digits(2, hour).skip(":").digits(2, minute).skip(":").digits(
        2, second);
  }

  // "Sun, 06 Nov 1994 08:49:37 GMT"
  bool read_imf(scanner in) {
    in.name(days, weekday).skip(", ").digits(2, day).skip(" ");
    in.name(months, month).skip(" ").digits(4, year).skip(" ");
    return time(in).skip(" GMT").is_done();
  }

  // "Sunday, 06-Nov-94 08:49:37 GMT"
  bool read_rfc850(scanner in) {
    in.name(long_days, weekday).skip(", ").digits(2, day).skip("-");
    in.name(months, month).skip("-").digits(2, year).skip(" ");
    return time(in).skip(" GMT").is_done();
  }

  // "Sun Nov  6 08:49:37 1994"
  bool read_asctime(scanner in) {
    in.name(days, weekday).skip(" ").name(months, month).skip(" ");
    in.padded_day(day).skip(" ");
    return time(in).skip(" ").digits(4, year).is_done();
  }
};

// A leap second is the one after.
std::optional<std::int64_t> to_seconds(const parts& from) {
  year_month_day date{year{static_cast<int>(from.year)}, month{from.month + 1},
                      day{from.day}};
  if (!date.ok() || from.hour > 23 || from.minute > 59 || from.second > 60)
    return std::nullopt;
  auto whole = sys_days{date} + hours{from.hour} + minutes{from.minute}
               + seconds{from.second};
  return whole.time_since_epoch() / seconds{1};
}

year_month_day date_of(std::int64_t time) {
  return floor<std::chrono::days>(sys_seconds{seconds{time}});
}

// RFC 9110 section 5.6.7: what seems more than 50 years ahead is the last year
// with these digits.
unsigned whole_year(unsigned two_digits, std::int64_t now) {
  auto current = static_cast<int>(date_of(now).year());
  auto result = current / 100 * 100 + static_cast<int>(two_digits);
  if (result + 50 <= current)
    result += 100;
  if (result > current + 50)
    result -= 100;
  return static_cast<unsigned>(std::max(result, 0));
}

} // namespace

std::string to_http_date(std::int64_t time) {
  constexpr std::int64_t first = -62167219200; // 0000-01-01
  constexpr std::int64_t last = 253402300799;  // 9999-12-31
  time = std::clamp(time, first, last);
  auto midnight = floor<std::chrono::days>(sys_seconds{seconds{time}});
  year_month_day date{midnight};
  hh_mm_ss clock{sys_seconds{seconds{time}} - midnight};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     days[weekday{midnight}.c_encoding()],
                     static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::optional<std::int64_t> parse_http_date(std::string_view text,
                                            std::int64_t now) noexcept {
  parts found{};
  scanner in{trim(text)};
  if (found.read_imf(in) || found.read_asctime(in))
    return to_seconds(found);
  if (!found.read_rfc850(in))
    return std::nullopt;
  found.year = whole_year(found.year, now);
  return to_seconds(found);
}

} // namespace wsrelay
