// Families of metrics, made one after the other.
#pragma once

#include "net/admin/traffic_totals.hpp"

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace wsrelay {

/// Prometheus' naming: a base unit in the name, "_total" for what only grows.
class metric_families {
public:
  using labels = std::vector<std::pair<std::string, std::string>>;

  /// Begins a family; what is added from then on belongs to it.
  void begin(prometheus::MetricType type, std::string name, std::string help);

  void add(const labels& by, double value);
  void add(const labels& by, const duration_totals& value);

  /// Returns them in Prometheus' text format; one without metrics is left out.
  std::string to_text();

private:
  prometheus::ClientMetric& add(const labels& by);

  std::vector<prometheus::MetricFamily> all_;
};

} // namespace wsrelay
