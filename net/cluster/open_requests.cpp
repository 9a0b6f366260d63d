// Requests to other nodes, until they are answered.
#include "net/cluster/open_requests.hpp"

#include "actors/caf_compat.hpp"

#include <caf/actor_cast.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/exit_reason.hpp>

#include <algorithm>
#include <vector>

namespace wsrelay {

void open_requests::add(const caf::strong_actor_ptr& sender,
                        caf::message_id request, caf::node_id to) {
  auto& mine = part_of(sender->id());
  std::unique_lock guard{mine.mutex};
  mine.requests.insert_or_assign(
      key{sender->id(), request.request_id().integer_value()},
      open_request{caf::actor_cast<caf::weak_actor_ptr>(sender), request,
                   std::move(to)});
  if (mine.requests.size() < mine.sweep_at)
    return;
  guard.unlock();
  mine.sweep();
}

void open_requests::on_response(caf::actor_id sender,
                                caf::message_id response) {
  auto& mine = part_of(sender);
  std::lock_guard guard{mine.mutex};
  mine.requests.erase(key{sender, response.request_id().integer_value()});
}

void open_requests::on_lost(const caf::node_id& node) {
  std::vector<open_request> lost;
  for (auto& each : parts_) {
    std::lock_guard guard{each.mutex};
    std::erase_if(each.requests, [&](auto& entry) {
      if (entry.second.to != node)
        return false;
      lost.push_back(std::move(entry.second));
      return true;
    });
  }
  caf::detail::sync_request_bouncer bounce{
      caf::exit_reason::remote_link_unreachable};
  for (auto& each : lost)
    bounce(each.sender.lock(), each.id);
}

std::size_t open_requests::size() const {
  std::size_t result = 0;
  for (auto& each : parts_) {
    std::lock_guard guard{each.mutex};
    result += each.requests.size();
  }
  return result;
}

// Not every request is answered, and who asked may have ended. Handles go
// without the lock: an actor may end with its last one.
void open_requests::part::sweep() {
  std::vector<caf::strong_actor_ptr> looked_at;
  std::lock_guard guard{mutex};
  std::erase_if(requests, [&](auto& each) {
    auto sender = each.second.sender.lock();
    if (!sender)
      return true;
    looked_at.push_back(sender);
    return !is_alive(caf::actor_cast<caf::actor>(sender));
  });
  sweep_at = std::max(sweep_min, 2 * requests.size());
}

} // namespace wsrelay
