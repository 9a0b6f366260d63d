// A table.
#include "actors/absent_peers.hpp"

namespace wsrelay {

void absence_list::note(const peer_absence& what, time_point now) {
  if (!what.is_absent) {
    all_.erase(what.address);
    return;
  }
  auto found = all_.find(what.address);
  if (found == all_.end() && all_.size() < max_absent_peers)
    all_.emplace(what.address, absence{what.reason, now});
  else if (found != all_.end() && !what.reason.empty())
    found->second.reason = what.reason;
}

std::vector<absent_peer> absence_list::list(time_point now) const {
  std::vector<absent_peer> result;
  for (auto& [address, each] : all_)
    result.push_back(
        {address, each.reason.empty(), each.reason,
         std::chrono::duration_cast<milliseconds>(now - each.since)});
  return result;
}

} // namespace wsrelay
