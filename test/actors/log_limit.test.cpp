#include "actors/log_limit.hpp"

#include <doctest/doctest.h>

namespace wsrelay::log_limit_test {

using namespace std::chrono_literals;

namespace {

struct fixture {
  // Returns how many of `count` lines are allowed.
  int allowed(std::string_view reason, int count) {
    int result = 0;
    for (int i = 0; i < count; ++i)
      result += limit.allow(reason, now).has_value();
    return result;
  }

  log_limit limit{{.max_lines = 10, .interval = 10s, .max_reasons = 3}};
  log_limit::time_point now{1h};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "of a reason ten lines are logged, not eleven") {
  CHECK(allowed("silent", 9) == 9);
  CHECK(limit.allow("silent", now) == 0);
  CHECK_FALSE(limit.allow("silent", now));
}

TEST_CASE_FIXTURE(fixture, "the interval begins with the first line and ends "
                           "on time") {
  CHECK(limit.allow("silent", now) == 0);
  now += 9s;
  CHECK(allowed("silent", 20) == 9);
  now += 1s - 1ns;
  CHECK_FALSE(limit.allow("silent", now));
  now += 1ns;
  CHECK(allowed("silent", 20) == 10);
}

TEST_CASE_FIXTURE(fixture, "the first line afterwards tells how many were left "
                           "out, once") {
  CHECK(allowed("silent", 133) == 10);
  now += 10s;
  CHECK(limit.allow("silent", now) == 123);
  CHECK(limit.allow("silent", now) == 0);
}

TEST_CASE_FIXTURE(fixture, "reasons do not take each other's lines") {
  CHECK(allowed("silent", 20) == 10);
  CHECK(allowed("refused", 20) == 10);
  now += 10s;
  CHECK(limit.allow("refused", now) == 10);
  CHECK(limit.allow("silent", now) == 10);
}

TEST_CASE_FIXTURE(fixture, "reasons over the limit share their lines") {
  CHECK(allowed("a", 1) == 1);
  CHECK(allowed("b", 1) == 1);
  CHECK(allowed("c", 20) == 10); // the last one with lines of its own
  CHECK(allowed("d", 6) == 6);
  CHECK(allowed("e", 6) == 4);
  CHECK(allowed("a", 20) == 9);
}

TEST_CASE_FIXTURE(fixture, "a new reason takes the place of old ones, whose "
                           "count is not forgotten") {
  allowed("a", 15);
  allowed("b", 17);
  allowed("c", 1);
  now += 10s;
  CHECK(limit.allow("d", now) == 0);
  CHECK(limit.allow("e", now) == 0);
  CHECK(limit.allow("f", now) == 0);
  CHECK(limit.allow("g", now) == 12); // one of the others
}

TEST_CASE_FIXTURE(fixture, "endless reasons are told apart by their first 64 "
                           "bytes") {
  std::string begin(64, 'x');
  CHECK(allowed(begin + "1", 20) == 10);
  CHECK(allowed(begin + "2", 20) == 0);
  CHECK(allowed(begin.substr(1) + "1", 20) == 10);
}

TEST_CASE("a limit of no lines lets one through") {
  log_limit limit{{.max_lines = 0}};
  log_limit::time_point now{1h};
  CHECK(limit.allow("x", now) == 0);
  CHECK_FALSE(limit.allow("x", now));
}

TEST_CASE("of a reason as many bytes count as the options say") {
  log_limit limit{{.max_lines = 1, .max_reason_size = 3}};
  log_limit::time_point now{1h};
  CHECK(limit.allow("ab", now) == 0);
  CHECK(limit.allow("abc", now) == 0);
  CHECK_FALSE(limit.allow("abcd", now));
}

TEST_CASE("a limit of no reasons counts all as one") {
  log_limit limit{{.max_lines = 1, .max_reasons = 0}};
  log_limit::time_point now{1h};
  CHECK(limit.allow("x", now) == 0);
  CHECK_FALSE(limit.allow("y", now));
}

TEST_CASE("a clock that went back suppresses nothing for good") {
  log_limit limit{{.max_lines = 1, .interval = 10s}};
  log_limit::time_point now{1h};
  CHECK(limit.allow("x", now) == 0);
  CHECK_FALSE(limit.allow("x", now - 1min));
  CHECK(limit.allow("x", now + 10s) == 1);
}

TEST_CASE("what was left out ends a line, unless it is nothing") {
  CHECK(suppressed_text(0).empty());
  CHECK(suppressed_text(123) == " suppressed=123");
}

} // namespace wsrelay::log_limit_test
