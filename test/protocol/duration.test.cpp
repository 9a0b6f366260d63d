// Durations as text, exact to the millisecond.
#include "protocol/duration.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace wsrelay::duration_test {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST_CASE("a duration is a sequence of numbers with units") {
  const std::vector<std::pair<std::string, milliseconds>> table{
      {"30s", 30s},
      {"1m30s", 90s},
      {"500ms", 500ms},
      {"1.5h", 90min},
      {"1ms", 1ms},
      {"1m", 1min},
      {"1m1ms", 60'001ms},
      {"0h1s", 1s},
      {"007s", 7s},
      {"2h3m4s5ms", 2h + 3min + 4s + 5ms},
      {"1s1m", 61s},
      {"1s1s", 2s},
      {"0.001s", 1ms},
      {"1.0010s", 1'001ms},
      {"1.0000000000000000000000s", 1s},
      {"0.0078125h", 28'125ms},
      {"0.5m", 30s},
      {"1.000ms", 1ms},
  };
  for (const auto& [text, value] : table) {
    auto& shown_text = text;
    CAPTURE(shown_text);
    auto parsed = parse_duration(text);
    REQUIRE(parsed);
    CHECK(*parsed == value);
  }
}

TEST_CASE("what is no duration is a failure") {
  for (std::string text :
       {"",     "1",          "1x",   " 1s",  "1s ",      "1 s",   "-1s",
        "+1s",  "s",          ".5s",  "1.s",  "1..5s",    "1.5",   "1.5.5s",
        "1e9h", "1e3s",       "1S",   "1sec", "1min",     "1us",   "1ns",
        "1d",   "1w",         "0x1s", "1s,",  "1s1",      "1h-1s", "inf",
        "nan",  "1\xC2\xB5s", "1s\n", "1,5s", "\x31\xFFs"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
  CHECK_FALSE(parse_duration(std::string_view("1s\0", 3)));
}

TEST_CASE("a duration of zero is a failure") {
  for (std::string text : {"0s", "0ms", "0h0m0s", "0.0s", "00h"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("a duration that is no whole number of milliseconds is a failure") {
  for (std::string text :
       {"0.5ms", "1.5ms", "0.0005s", "1.0001s", "0.00390625h", "0.00000001h",
        "0.33333s", "0.5ms0.5ms"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("a duration is at most a year") {
  CHECK(*parse_duration("8760h") == max_duration);
  CHECK(*parse_duration("8759h59m59s1000ms") == max_duration);
  CHECK(*parse_duration("31535999999ms") == milliseconds{max_duration} - 1ms);
  CHECK_FALSE(parse_duration("31536000001ms"));
  CHECK_FALSE(parse_duration("8760h1ms"));
  CHECK_FALSE(parse_duration("8761h"));
}

TEST_CASE("numbers that overflow are failures") {
  for (std::string number :
       {"18446744073709551615", "18446744073709551616", "9223372036854775807",
        "99999999999999999999999999999999999999999999999"})
    for (std::string unit : {"ms", "s", "m", "h"})
      CHECK_FALSE(parse_duration(number + unit));
  std::string many;
  for (int i = 0; i < 10'000; ++i)
    many += "8760h";
  CHECK_FALSE(parse_duration(many));
}

TEST_CASE("a printed duration reads as the same value") {
  CHECK(to_text(90s) == "1m30s");
  CHECK(to_text(500ms) == "500ms");
  CHECK(to_text(1'500ms) == "1s500ms");
  CHECK(to_text(24h) == "24h");
  for (milliseconds value :
       {milliseconds{1}, milliseconds{999}, milliseconds{1'000},
        milliseconds{59'999}, milliseconds{60'000}, milliseconds{3'599'999},
        milliseconds{3'600'000}, milliseconds{3'661'001},
        milliseconds{max_duration}}) {
    auto read = parse_duration(to_text(value));
    REQUIRE(read);
    CHECK(*read == value);
  }
}

} // namespace wsrelay::duration_test
