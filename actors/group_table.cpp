// Groups, told apart by name.
#include "actors/group_table.hpp"

#include "protocol/group.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay {

// -- this node ----------------------------------------------------------------

bool group_table::add(const std::string& group, const caf::actor& who) {
  auto [entry, is_new] = groups_.try_emplace(group);
  if (entry->second.emplace(who.id(), who).second)
    held_[who.id()].push_back(&*entry);
  return is_new;
}

bool group_table::remove(std::string_view group, caf::actor_id who) {
  auto entry = groups_.find(group);
  if (entry == groups_.end() || !entry->second.contains(who))
    return false;
  auto held = held_.find(who);
  std::erase(held->second, &*entry);
  if (held->second.empty())
    held_.erase(held);
  return erase(entry, who);
}

std::vector<std::string> group_table::remove_everywhere(caf::actor_id who) {
  std::vector<std::string> left;
  auto held = held_.extract(who);
  if (!held)
    return left;
  for (auto* each : held.mapped()) {
    auto name = each->first;
    if (erase(groups_.find(name), who))
      left.push_back(std::move(name));
  }
  return left;
}

bool group_table::erase(group_map::iterator entry, caf::actor_id who) {
  entry->second.erase(who);
  if (!entry->second.empty())
    return false;
  groups_.erase(entry);
  return true;
}

const group_table::members* group_table::find(std::string_view group) const {
  auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

std::vector<std::string> group_table::list() const {
  std::vector<std::string> result;
  for (auto& [name, in_it] : groups_)
    result.push_back(name);
  return result;
}

// -- other nodes --------------------------------------------------------------

void remote_groups::apply(const group_news& news) {
  for (auto& name : news.gone)
    if (names_.erase(name) > 0)
      bytes_ -= name.size();
  for (auto& name : news.here)
    if (!has_all_ && check_group(name))
      add(name);
}

void remote_groups::add(const std::string& name) {
  if (!names_.insert(name).second)
    return;
  bytes_ += name.size();
  if (names_.size() <= limits_.groups && bytes_ <= limits_.bytes)
    return;
  has_all_ = true;
  names_.clear();
  bytes_ = 0;
}

std::optional<group_news> group_feed::next(const group_table& table) {
  if (changed_.empty() || !under_way_.empty())
    return std::nullopt;
  group_news result;
  while (!changed_.empty() && under_way_.size() < max_group_batch) {
    auto name = std::move(changed_.extract(changed_.begin()).value());
    (table.find(name) ? result.here : result.gone).push_back(name);
    under_way_.push_back(std::move(name));
  }
  return result;
}

void group_feed::settle(bool taken) {
  auto said = std::exchange(under_way_, {});
  if (!taken)
    changed_.insert(said.begin(), said.end());
}

} // namespace wsrelay
