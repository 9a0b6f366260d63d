// What Prometheus scrapes, in its text format.
#pragma once

#include "net/admin/admin_view.hpp"
#include "net/admin/sampler.hpp"

#include <string>
#include <string_view>

namespace wsrelay {

/// Content type of the format.
inline constexpr std::string_view metrics_content_type =
    "text/plain; version=0.0.4; charset=utf-8";

/// Returns every metric of a node: tools/docs/MONITORING.md has the table.
/// `sample` may be null. Asks no actor and no loop; takes time in proportion to
/// the endpoints.
std::string make_metrics(const admin_view& view, const node_sample* sample);

} // namespace wsrelay
