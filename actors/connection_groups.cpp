// The groups that a connection is in: it says so to its node.
#include "actors/answer.hpp"
#include "actors/connection.hpp"
#include "protocol/group.hpp"

#include <caf/all.hpp>

#include <utility>

namespace wsrelay {

// Those that a transfer under way will add are not counted yet.
caf::error connection_state::check_groups(const ws_control& control) const {
  if (control.join_groups.empty())
    return caf::none;
  auto all = groups_ ? *groups_ : std::set<std::string>{};
  for (auto& name : control.leave_groups)
    all.erase(name);
  all.insert(control.join_groups.begin(), control.join_groups.end());
  if (all.size() > max_groups)
    return make_error(errc::invalid_message, "in too many groups");
  return caf::none;
}

// `who` is told when whoever asks the node next is told of it.
void connection_state::change_groups(std::vector<std::string> join,
                                     const std::vector<std::string>& leave,
                                     requester who) {
  auto tell = [who = std::move(who)](auto what) mutable {
    if (who)
      who->deliver(std::move(what));
  };
  if ((join.empty() && leave.empty()) || !limits_.directory)
    return tell(caf::unit);
  if (!groups_)
    groups_ = std::make_unique<std::set<std::string>>();
  for (auto& name : leave)
    groups_->erase(name);
  groups_->insert(join.begin(), join.end());
  if (groups_->empty())
    groups_ = nullptr;
  // No timeout: it is an actor of this node.
  self_
      ->request(limits_.directory, caf::infinite,
                group_change{caf::actor{self_}, std::move(join), leave})
      .then([tell]() mutable { tell(caf::unit); },
            [tell](caf::error& error) mutable { tell(std::move(error)); });
}

} // namespace wsrelay
