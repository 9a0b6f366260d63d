// The two maps, in step.
#include "actors/name_table.hpp"

#include "actors/caf_compat.hpp"

namespace wsrelay {

void name_table::add(const std::string& name, const caf::actor& who) {
  remove(name);
  auto entry = entries_.emplace(name, who).first;
  names_[holder_of(who)].insert(entry->first);
}

const caf::actor* name_table::find(const std::string& name) const {
  auto entry = entries_.find(name);
  return entry == entries_.end() ? nullptr : &entry->second;
}

bool name_table::has(const caf::actor& who) const {
  return names_.count(holder_of(who)) > 0;
}

bool name_table::remove(const std::string& name) {
  auto entry = entries_.find(name);
  if (entry == entries_.end())
    return false;
  auto names = names_.find(holder_of(entry->second));
  names->second.erase(entry->first);
  if (names->second.empty())
    names_.erase(names);
  entries_.erase(entry);
  return true;
}

void name_table::remove_actor(const caf::actor_addr& who) {
  if (auto names = names_.find({who.node(), who.id()}); names != names_.end())
    drop(names);
}

void name_table::remove_node(const caf::node_id& node) {
  for (auto names = names_.lower_bound({node, 0});
       names != names_.end() && names->first.first == node;)
    drop(names++);
}

std::vector<directory_entry> name_table::list() const {
  std::vector<directory_entry> result;
  result.reserve(entries_.size());
  for (auto& [name, who] : entries_)
    result.push_back({name, who});
  return result;
}

name_table::holder name_table::holder_of(const caf::actor& who) {
  return {who.node(), who.id()};
}

void name_table::drop(
    std::map<holder, std::set<std::string_view>>::iterator names) {
  for (auto name : names->second)
    entries_.erase(entries_.find(std::string{name}));
  names_.erase(names);
}

} // namespace wsrelay
