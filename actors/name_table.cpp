// The lines and the index, in step.
#include "actors/name_table.hpp"

#include "actors/caf_compat.hpp"

#include <algorithm>
#include <functional>

namespace wsrelay {

namespace {

std::pair<caf::node_id, caf::actor_id> holder_of(const caf::actor& who) {
  return {who.node(), who.id()};
}

// Who has ended has no name, also before this is told.
const claimant* first_of(const std::vector<claimant>& line) {
  auto found = std::find_if(line.begin(), line.end(),
                            [](auto& each) { return is_alive(each.who); });
  return found == line.end() ? nullptr : &*found;
}

} // namespace

place name_table::add(const std::string& name, const caf::actor& who,
                      std::optional<caf::node_id> by) {
  auto entry = entries_.try_emplace(name).first;
  auto& waiting = entry->second;
  auto old = std::find_if(waiting.begin(), waiting.end(),
                          [&](auto& each) { return each.who == who; });
  if (old != waiting.end())
    old->who = who; // that of before a lost link is equal, but dead
  else if (admits(name, waiting, by))
    join_line(entry, {who, std::move(by)});
  else
    return refuse(entry);
  auto* first = first_of(waiting);
  return first && first->who == who ? place::first : place::waiting;
}

const claimant* name_table::find(const std::string& name) const {
  auto entry = entries_.find(name);
  return entry == entries_.end() ? nullptr : first_of(entry->second);
}

bool name_table::has(const caf::actor& who) const {
  return names_.count(holder_of(who)) > 0;
}

bool name_table::remove(const std::string& name, const caf::actor& who) {
  auto names = names_.find(holder_of(who));
  if (names == names_.end() || names->second.erase(name) == 0)
    return false;
  if (names->second.empty())
    names_.erase(names);
  leave_line(entries_.find(name), holder_of(who));
  return true;
}

void name_table::remove_actor(const caf::actor_addr& who) {
  if (!who)
    return;
  if (auto names = names_.find({who.node(), who.id()}); names != names_.end())
    leave_lines(names);
}

void name_table::remove_node(const caf::node_id& node) {
  for (auto names = names_.lower_bound({node, 0});
       names != names_.end() && names->first.first == node;)
    leave_lines(names++);
}

void name_table::set_behind(const caf::node_id& node, bool behind) {
  for (auto names = names_.lower_bound({node, 0});
       names != names_.end() && names->first.first == node; ++names)
    for (auto name : names->second) {
      auto& waiting = entries_.find(name)->second;
      for (auto& each : waiting)
        if (each.who.node() == node)
          each.behind = behind;
      std::stable_partition(waiting.begin(), waiting.end(),
                            [](auto& each) { return !each.behind; });
    }
}

std::vector<directory_entry> name_table::list(std::string_view prefix) const {
  std::vector<directory_entry> result;
  for (auto entry = entries_.lower_bound(prefix);
       entry != entries_.end() && entry->first.starts_with(prefix); ++entry)
    if (auto* holder = first_of(entry->second))
      result.push_back({entry->first, holder->who});
  return result;
}

std::vector<directory_entry> name_table::list_all() const {
  std::vector<directory_entry> result;
  for (auto& [name, waiting] : entries_)
    for (auto& each : waiting)
      result.push_back({name, each.who});
  return result;
}

bool name_table::admits(const std::string& name, const line& waiting,
                        const std::optional<caf::node_id>& by) const {
  if (!by)
    return true;
  auto found = used_.find(*by);
  auto used = found == used_.end() ? usage{} : found->second;
  return waiting.size() < limits_.line && used.names < limits_.names
         && used.bytes + name.size() <= limits_.bytes;
}

void name_table::count(const std::string& name, const caf::node_id& by) {
  auto& used = used_[by];
  ++used.names;
  used.bytes += name.size();
}

void name_table::discount(const std::string& name, const caf::node_id& by) {
  auto used = used_.find(by);
  used->second.bytes -= name.size();
  if (--used->second.names == 0)
    used_.erase(used);
}

void name_table::join_line(entry_map::iterator entry, claimant who) {
  auto& [name, waiting] = *entry;
  if (who.by)
    count(name, *who.by);
  names_[holder_of(who.who)].insert(name);
  auto others = std::find_if(waiting.begin(), waiting.end(),
                             [](auto& each) { return each.behind; });
  waiting.insert(others, std::move(who));
}

place name_table::refuse(entry_map::iterator entry) {
  if (entry->second.empty())
    entries_.erase(entry);
  return place::refused;
}

void name_table::leave_line(entry_map::iterator entry, const holder& who) {
  auto& [name, waiting] = *entry;
  auto gone = std::find_if(waiting.begin(), waiting.end(), [&](auto& each) {
    return holder_of(each.who) == who;
  });
  if (gone->by)
    discount(name, *gone->by);
  waiting.erase(gone);
  if (waiting.empty())
    entries_.erase(entry);
}

void name_table::leave_lines(holder_map::iterator names) {
  for (auto name : names->second)
    leave_line(entries_.find(name), names->first);
  names_.erase(names);
}

} // namespace wsrelay
