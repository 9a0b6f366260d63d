// Dates of HTTP.
#include "net/http/http_date.hpp"

#include <doctest/doctest.h>

namespace wsrelay::http_date_test {

namespace {

constexpr std::int64_t example = 784111777; // of RFC 9110
constexpr std::int64_t now = 1790000000;    // in 2026

} // namespace

TEST_CASE("the three forms of a date are read") {
  for (auto text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "Sun Nov 06 08:49:37 1994",
        "  Sun, 06 Nov 1994 08:49:37 GMT\t"})
    CHECK(parse_http_date(text, now) == example);
}

TEST_CASE("what is no date of HTTP is none") {
  for (auto text : {"",
                    "0",
                    "Sun",
                    "Sun, ",
                    "Sun, 06 Nov 1994 08:49:37",
                    "Sun, 06 Nov 1994 08:49:37 UTC",
                    "Sun, 6 Nov 1994 08:49:37 GMT",
                    "Sun, 06 nov 1994 08:49:37 GMT",
                    "Sun, 06 Nov 94 08:49:37 GMT",
                    "Sun, 06 Nov 1994 8:49:37 GMT",
                    "Sun, 06 Nov 1994 08:49:37 GMT x",
                    "Sun, 06 Nov 19940 08:49:37 GMT",
                    "Xyz, 06 Nov 1994 08:49:37 GMT",
                    "Sun, -6 Nov 1994 08:49:37 GMT",
                    "Sun, +6 Nov 1994 08:49:37 GMT",
                    "Sun, 06-Nov-94 08:49:37 GMT",
                    "Sunday, 06 Nov 1994 08:49:37 GMT",
                    "Sun Nov 6 08:49:37 1994",
                    "Sun Nov  6 08:49:37 1994 GMT",
                    "Sun,  6 Nov 1994 08:49:37 GMT",
                    "784111777",
                    "*",
                    "\"tag\"",
                    "W/\"tag\"",
                    "Sun, 06 Nov 1994 08:49:37 GMT, "})
    CHECK(parse_http_date(text, now) == std::nullopt);
}

TEST_CASE("a date that does not exist is none") {
  auto is_date = [](std::string_view text) {
    return parse_http_date(text, now).has_value();
  };
  CHECK(is_date("Thu, 29 Feb 2024 00:00:00 GMT"));
  CHECK_FALSE(is_date("Wed, 29 Feb 2023 00:00:00 GMT"));
  CHECK_FALSE(is_date("Wed, 00 Jan 2023 00:00:00 GMT"));
  CHECK_FALSE(is_date("Wed, 32 Jan 2023 00:00:00 GMT"));
  CHECK(is_date("Sun, 06 Nov 1994 23:59:59 GMT"));
  CHECK_FALSE(is_date("Sun, 06 Nov 1994 24:00:00 GMT"));
  CHECK_FALSE(is_date("Sun, 06 Nov 1994 00:60:00 GMT"));
  CHECK(is_date("Sun, 06 Nov 1994 23:59:60 GMT"));
  CHECK_FALSE(is_date("Sun, 06 Nov 1994 23:59:61 GMT"));
}

// RFC 9110 section 5.6.7.
TEST_CASE("a year of two digits lies at most 50 years ahead") {
  // Now is 2026: 2076 is 50 years ahead, 2077 is 51.
  auto year = [](std::string_view digits, std::int64_t time) {
    auto text = "Sunday, 01-Jan-" + std::string{digits} + " 00:00:00 GMT";
    return to_http_date(parse_http_date(text, time).value()).substr(12, 4);
  };
  CHECK(year("75", now) == "2075");
  CHECK(year("76", now) == "2076");
  CHECK(year("77", now) == "1977");
  CHECK(year("99", now) == "1999");
  CHECK(year("00", now) == "2000");
  CHECK(year("00", 946684799) == "2000"); // the last second of 1999
  CHECK(year("49", 946684799) == "2049");
  CHECK(year("50", 946684799) == "1950");
  CHECK(year("10", 4070908800) == "2110"); // in 2099
  CHECK(year("98", 4070908800) == "2098");
}

TEST_CASE("a date is written in the form that is preferred") {
  CHECK(to_http_date(example) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(to_http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(to_http_date(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
  CHECK(to_http_date(1709164800) == "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST_CASE("a date outside of what can be written is the nearest") {
  auto last = "Fri, 31 Dec 9999 23:59:59 GMT";
  CHECK(to_http_date(253402300798) == "Fri, 31 Dec 9999 23:59:58 GMT");
  CHECK(to_http_date(253402300799) == last);
  CHECK(to_http_date(253402300800) == last);
  CHECK(to_http_date(INT64_MAX) == last);
  auto first = "Sat, 01 Jan 0000 00:00:00 GMT";
  CHECK(to_http_date(-62167219199) == "Sat, 01 Jan 0000 00:00:01 GMT");
  CHECK(to_http_date(-62167219200) == first);
  CHECK(to_http_date(-62167219201) == first);
  CHECK(to_http_date(INT64_MIN) == first);
}

TEST_CASE("what was written is read as the same date") {
  for (std::int64_t time = -62167219200; time < 253402300799;
       time += 86399LL * 1013)
    CHECK(parse_http_date(to_http_date(time), now) == time);
}

} // namespace wsrelay::http_date_test
