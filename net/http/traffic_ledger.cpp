// Counts by their endpoints.
#include "net/http/traffic_ledger.hpp"

#include <algorithm>
#include <atomic>

namespace wsrelay {

namespace {

// Of the ledger alone. Who wrote them has let go of them before.
bool is_free(const std::shared_ptr<relay_counts>& counts) {
  if (counts.use_count() != 1)
    return false;
  std::atomic_thread_fence(std::memory_order_acquire);
  return true;
}

} // namespace

std::shared_ptr<relay_counts> traffic_ledger::add(const std::string& endpoint) {
  std::lock_guard guard{mutex_};
  auto free = std::find_if(counts_.begin(), counts_.end(), [&](auto& each) {
    return each->endpoint == endpoint && is_free(each);
  });
  if (free != counts_.end())
    return *free;
  return counts_.emplace_back(std::make_shared<relay_counts>(endpoint));
}

void traffic_ledger::keep(const std::set<std::string_view>& endpoints) {
  std::lock_guard guard{mutex_};
  std::erase_if(counts_, [&](auto& each) {
    return !endpoints.contains(each->endpoint) && is_free(each);
  });
}

std::vector<std::shared_ptr<const relay_counts>> traffic_ledger::all() const {
  std::lock_guard guard{mutex_};
  return {counts_.begin(), counts_.end()};
}

void traffic_ledger::add_refusal(std::string_view check) {
  std::lock_guard guard{mutex_};
  auto found = refusals_.find(check);
  if (found == refusals_.end())
    found = refusals_.emplace(check, 0).first;
  ++found->second;
}

traffic_ledger::refusal_counts traffic_ledger::refusals() const {
  std::lock_guard guard{mutex_};
  return refusals_;
}

const std::shared_ptr<relay_counts>&
loop_ledger::of(const std::string& endpoint) {
  auto& mine = mine_[endpoint];
  if (!mine)
    mine = all_->add(endpoint);
  return mine;
}

} // namespace wsrelay
