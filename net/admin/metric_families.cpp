// prometheus-cpp's data.
#include "net/admin/metric_families.hpp"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <limits>
#include <sstream>

namespace wsrelay {

namespace {

constexpr double microseconds = 1e6;

} // namespace

void metric_families::begin(prometheus::MetricType type, std::string name,
                            std::string help) {
  all_.push_back({std::move(name), std::move(help), type, {}});
}

prometheus::ClientMetric& metric_families::add(const labels& by) {
  auto& metric = all_.back().metric.emplace_back();
  for (auto& [name, value] : by)
    metric.label.push_back({name, value});
  return metric;
}

void metric_families::add(const labels& by, double value) {
  auto& metric = add(by);
  if (all_.back().type == prometheus::MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
}

void metric_families::add(const labels& by, const duration_totals& value) {
  auto& histogram = add(by).histogram;
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < value.counts.size(); ++i) {
    passed += value.counts[i];
    auto bound = i < duration_histogram::bounds.size()
                     ? duration_histogram::bounds[i] / microseconds
                     : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({passed, bound});
  }
  histogram.sample_count = passed;
  histogram.sample_sum = std::chrono::duration<double>(value.sum).count();
}

std::string metric_families::to_text() {
  std::erase_if(all_, [](auto& family) { return family.metric.empty(); });
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, all_);
  return std::move(out).str();
}

} // namespace wsrelay
