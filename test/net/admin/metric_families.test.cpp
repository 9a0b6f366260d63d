// Prometheus' text format.
#include "net/admin/metric_families.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace wsrelay::metric_families_test {

using namespace std::chrono_literals;
using prometheus::MetricType;

namespace {

bool has(const std::string& text, std::string_view line) {
  return ("\n" + text).find("\n" + std::string{line} + "\n")
         != std::string::npos;
}

duration_totals durations() {
  duration_histogram all;
  for (auto took : {10us, 50us, 51us, 400us, 20'000'000us})
    all.add(took);
  duration_totals result;
  result.add(all);
  return result;
}

} // namespace

TEST_CASE("a family has its help, its type and its metrics") {
  metric_families out;
  out.begin(MetricType::Counter, "x_total", "What is counted.");
  out.add({{"a", "1"}, {"b", "2"}}, 3);
  out.add({}, 4);
  CHECK(out.to_text()
        == "# HELP x_total What is counted.\n"
           "# TYPE x_total counter\n"
           "x_total{a=\"1\",b=\"2\"} 3\n"
           "x_total 4\n");
}

TEST_CASE("a family follows the other") {
  metric_families out;
  out.begin(MetricType::Gauge, "one", "One.");
  out.add({}, 0.5);
  out.begin(MetricType::Counter, "two_total", "Two.");
  out.add({}, 2);
  CHECK(out.to_text()
        == "# HELP one One.\n# TYPE one gauge\none 0.5\n"
           "# HELP two_total Two.\n# TYPE two_total counter\ntwo_total 2\n");
}

TEST_CASE("a family without metrics is left out") {
  metric_families out;
  CHECK(out.to_text() == "");
  out.begin(MetricType::Counter, "empty_total", "Nothing.");
  out.begin(MetricType::Gauge, "one", "One.");
  out.add({}, 1);
  out.begin(MetricType::Histogram, "empty_seconds", "Nothing.");
  auto text = out.to_text();
  CHECK(text.find("empty") == text.npos);
  CHECK(has(text, "one 1"));
}

TEST_CASE("quotes, backslashes and line breaks of labels are escaped") {
  metric_families out;
  out.begin(MetricType::Gauge, "x", "X.");
  out.add({{"name", "a\"b\\c\nd"}}, 1);
  CHECK(has(out.to_text(), R"(x{name="a\"b\\c\nd"} 1)"));
}

TEST_CASE("other bytes of labels stay as they are") {
  metric_families out;
  out.begin(MetricType::Gauge, "x", "X.");
  out.add({{"name", "grün {a=\"b\"}, # HELP"}}, 1);
  CHECK(has(out.to_text(), R"(x{name="grün {a=\"b\"}, # HELP"} 1)"));
}

TEST_CASE("large counts are whole numbers to the last digit") {
  metric_families out;
  out.begin(MetricType::Counter, "x_total", "X.");
  out.add({}, 9'007'199'254'740'991.0); // 2^53 - 1
  CHECK(has(out.to_text(), "x_total 9007199254740991"));
}

TEST_CASE("buckets of a histogram count all below their bounds") {
  metric_families out;
  out.begin(MetricType::Histogram, "x_seconds", "X.");
  out.add({{"a", "1"}}, durations());
  auto text = out.to_text();
  CHECK(has(text, "# TYPE x_seconds histogram"));
  CHECK(has(text, R"(x_seconds_count{a="1"} 5)"));
  CHECK(has(text, R"(x_seconds_bucket{a="1",le="0.001"} 4)"));
  CHECK(has(text, R"(x_seconds_bucket{a="1",le="1"} 4)"));
  CHECK(has(text, R"(x_seconds_bucket{a="1",le="10"} 4)"));
  CHECK(has(text, R"(x_seconds_bucket{a="1",le="+Inf"} 5)"));
  CHECK(text.find("x_seconds_sum{a=\"1\"} 20.0005") != text.npos);
}

// The series are named after them, in dashboards as well.
TEST_CASE("bounds of buckets are in seconds and short") {
  metric_families out;
  out.begin(MetricType::Histogram, "x_seconds", "X.");
  out.add({}, durations());
  auto text = out.to_text();
  std::size_t buckets = 0, longest = 0;
  for (auto at = text.find("le=\""); at != text.npos;
       at = text.find("le=\"", at + 1)) {
    ++buckets;
    longest = std::max(longest, text.find('"', at + 4) - at - 4);
  }
  CHECK(buckets == duration_histogram::bounds.size() + 1);
  CHECK(longest <= 7);
  CHECK((has(text, R"(x_seconds_bucket{le="5e-05"} 2)")
         || has(text, R"(x_seconds_bucket{le="0.00005"} 2)")));
}

TEST_CASE("a histogram of nothing has buckets of nothing") {
  metric_families out;
  out.begin(MetricType::Histogram, "x_seconds", "X.");
  out.add({}, duration_totals{});
  auto text = out.to_text();
  CHECK(has(text, "x_seconds_count 0"));
  CHECK(has(text, "x_seconds_sum 0"));
  CHECK(has(text, R"(x_seconds_bucket{le="+Inf"} 0)"));
}

} // namespace wsrelay::metric_families_test
