// Times of arrival.
#include "test/kit/cluster_wire.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay::test {

void cluster_wire::push(wire_packet packet, time_point now) {
  auto due = now + delay_;
  if (!waiting_.empty())
    due = std::max(due, waiting_.back().due);
  waiting_.push_back({due, std::move(packet)});
}

std::optional<wire_packet> cluster_wire::pop(time_point now) {
  if (next_due() > now)
    return std::nullopt;
  auto result = std::move(waiting_.front().packet);
  waiting_.pop_front();
  last_arrival_ = now;
  return result;
}

cluster_wire::time_point cluster_wire::next_due() const noexcept {
  return is_cut_ || waiting_.empty() ? time_point::max() : waiting_.front().due;
}

} // namespace wsrelay::test
