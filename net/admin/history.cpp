// Differences.
#include "net/admin/history.hpp"

#include "actors/unix_time.hpp"

#include <algorithm>

namespace wsrelay {

namespace {

// A service that has gone takes its counts along.
std::uint64_t more(std::uint64_t now, std::uint64_t before) {
  return now - std::min(now, before);
}

std::uint64_t place_of(connection_phase phase) {
  return static_cast<std::uint64_t>(phase);
}

} // namespace

history_point history_writer::next(const std::vector<service_view>& services,
                                   std::chrono::nanoseconds lag) {
  traffic_totals now;
  std::uint64_t refused = 0, queued = 0;
  std::vector<const loop*> seen; // services may share one
  for (auto& each : services) {
    for (auto& [name, totals] : totals_of(*each.shared->ledger))
      now.add(totals);
    for (auto& [check, count] : each.shared->ledger->refusals())
      refused += count;
    for (auto* home : each.loops)
      if (std::find(seen.begin(), seen.end(), home) == seen.end()) {
        seen.push_back(home);
        queued += home->counts().queued.get();
      }
  }
  history_point result;
  result.time = unix_time().count();
  result.span = time_before_ == 0
                    ? 0
                    : static_cast<std::uint64_t>(
                        std::max(result.time - time_before_, std::int64_t{0}));
  result.connections = now.open();
  result.parked = now.phases[place_of(connection_phase::parked)];
  result.opened = more(now.opened, before_.opened);
  result.refused = more(refused, refused_before_);
  result.messages_in = more(now.messages_in, before_.messages_in);
  result.bytes_in = more(now.bytes_in, before_.bytes_in);
  result.messages_out = more(now.messages_out, before_.messages_out);
  result.bytes_out = more(now.bytes_out, before_.bytes_out);
  result.dropped = more(now.dropped, before_.dropped);
  result.queued_bytes = queued;
  auto answers = now.answers.since(before_.answers);
  auto in_us = [&](double share) {
    return static_cast<std::uint64_t>(answers.quantile(share).count());
  };
  result.answer_p50 = in_us(0.5);
  result.answer_p99 = in_us(0.99);
  result.lag = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(lag).count());
  for (std::size_t cause = 0; cause < end_cause_count; ++cause)
    for (std::size_t kind = 0; kind < close_code_kinds; ++kind)
      result.closed[kind] +=
          more(now.ended[cause][kind], before_.ended[cause][kind]);
  before_ = now;
  refused_before_ = refused;
  time_before_ = result.time;
  return result;
}

} // namespace wsrelay
