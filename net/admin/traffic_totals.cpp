// Sums.
#include "net/admin/traffic_totals.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace wsrelay {

namespace {

std::uint64_t value(const counter& from) {
  return from.get();
}

std::uint64_t value(std::uint64_t from) {
  return from;
}

// Counts, or totals.
template <class From>
void add_all(traffic_totals& to, const From& from) {
  for (std::size_t i = 0; i < to.phases.size(); ++i)
    to.phases[i] += value(from.phases[i]);
  to.requests += value(from.requests);
  to.opened += value(from.opened);
  to.messages_in += value(from.messages_in);
  to.bytes_in += value(from.bytes_in);
  to.messages_out += value(from.messages_out);
  to.bytes_out += value(from.bytes_out);
  to.pauses += value(from.pauses);
  to.transfers += value(from.transfers);
  to.failed_transfers += value(from.failed_transfers);
  to.dropped += value(from.dropped);
  to.parked += value(from.parked);
  for (std::size_t i = 0; i < to.ended.size(); ++i)
    for (std::size_t j = 0; j < to.ended[i].size(); ++j)
      to.ended[i][j] += value(from.ended[i][j]);
  to.answers.add(from.answers);
  to.writes.add(from.writes);
  to.handlers.add(from.handlers);
  to.upstreams.add(from.upstreams);
}

} // namespace

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
  add_all(*this, from);
}

void traffic_totals::add(const traffic_totals& from) noexcept {
  add_all(*this, from);
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
