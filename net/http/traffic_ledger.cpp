// Counts by their endpoints.
#include "net/http/traffic_ledger.hpp"

namespace wsrelay {

std::shared_ptr<relay_counts> traffic_ledger::add(const std::string& endpoint) {
  auto made = std::make_shared<relay_counts>(endpoint);
  std::lock_guard guard{mutex_};
  counts_.push_back(made);
  return made;
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
