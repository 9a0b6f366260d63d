// Sums.
#include "net/admin/traffic_totals.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace wsrelay {

void duration_totals::add(const duration_histogram& other) noexcept {
  for (std::size_t i = 0; i < counts.size(); ++i)
    counts[i] += other.count(i);
  sum += other.sum();
}

void duration_totals::add(const duration_totals& other) noexcept {
  for (std::size_t i = 0; i < counts.size(); ++i)
    counts[i] += other.counts[i];
  sum += other.sum;
}

std::uint64_t duration_totals::total() const noexcept {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::chrono::microseconds
duration_totals::quantile(double share) const noexcept {
  auto all = total();
  if (all == 0)
    return std::chrono::microseconds{0};
  auto wanted =
      static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all)));
  std::uint64_t passed = 0;
  auto& bounds = duration_histogram::bounds;
  for (std::size_t i = 0; i < bounds.size(); ++i)
    if ((passed += counts[i]) >= wanted)
      return std::chrono::microseconds{bounds[i]};
  return std::chrono::microseconds{bounds.back()};
}

duration_totals
duration_totals::since(const duration_totals& before) const noexcept {
  duration_totals result;
  for (std::size_t i = 0; i < counts.size(); ++i)
    result.counts[i] = counts[i] - std::min(counts[i], before.counts[i]);
  result.sum = std::max(sum - before.sum, std::chrono::nanoseconds{0});
  return result;
}

void traffic_totals::add(const relay_counts& from) noexcept {
  for (std::size_t i = 0; i < phases.size(); ++i)
    phases[i] += from.phases[i].get();
  requests += from.requests.get();
  opened += from.opened.get();
  messages_in += from.messages_in.get();
  bytes_in += from.bytes_in.get();
  messages_out += from.messages_out.get();
  bytes_out += from.bytes_out.get();
  pauses += from.pauses.get();
  transfers += from.transfers.get();
  failed_transfers += from.failed_transfers.get();
  dropped += from.dropped.get();
  parked += from.parked.get();
  for (std::size_t i = 0; i < ended.size(); ++i)
    for (std::size_t j = 0; j < ended[i].size(); ++j)
      ended[i][j] += from.ended[i][j].get();
  answers.add(from.answers);
  writes.add(from.writes);
  handlers.add(from.handlers);
  upstreams.add(from.upstreams);
}

void traffic_totals::add(const traffic_totals& from) noexcept {
  for (std::size_t i = 0; i < phases.size(); ++i)
    phases[i] += from.phases[i];
  requests += from.requests;
  opened += from.opened;
  messages_in += from.messages_in;
  bytes_in += from.bytes_in;
  messages_out += from.messages_out;
  bytes_out += from.bytes_out;
  pauses += from.pauses;
  transfers += from.transfers;
  failed_transfers += from.failed_transfers;
  dropped += from.dropped;
  parked += from.parked;
  for (std::size_t i = 0; i < ended.size(); ++i)
    for (std::size_t j = 0; j < ended[i].size(); ++j)
      ended[i][j] += from.ended[i][j];
  answers.add(from.answers);
  writes.add(from.writes);
  handlers.add(from.handlers);
  upstreams.add(from.upstreams);
}

std::uint64_t traffic_totals::open() const noexcept {
  return std::accumulate(phases.begin(), phases.end(), std::uint64_t{0});
}

std::map<std::string, traffic_totals> totals_of(const traffic_ledger& ledger) {
  std::map<std::string, traffic_totals> result;
  for (auto& counts : ledger.all())
    result[counts->endpoint].add(*counts);
  return result;
}

} // namespace wsrelay
