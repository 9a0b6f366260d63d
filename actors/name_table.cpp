// The lines and the index, in step.
#include "actors/name_table.hpp"

#include "actors/caf_compat.hpp"
#include "actors/pid_text.hpp"

#include <algorithm>

namespace wsrelay {

namespace {

// Who has ended has no name, also before this is told.
const claimant* first_of(const name_line& waiting) {
  auto place =
      waiting.find([](const claimant& each) { return is_alive(each.who); });
  return place == waiting.size() ? nullptr : &waiting[place];
}

auto holder_is(const caf::node_id& node, caf::actor_id id) {
  return [&node, id](const claimant& each) {
    return each.who.id() == id && each.who.node() == node;
  };
}

} // namespace

place name_table::add(const std::string& name, const caf::actor& who,
                      const caf::node_id& by) {
  auto entry = entries_.try_emplace(name).first;
  auto& waiting = entry->second;
  auto old = waiting.find([&](auto& each) { return each.who == who; });
  if (old != waiting.size())
    waiting[old].who = who; // that of before a lost link is equal, but dead
  else if (admits(name, waiting, by))
    join_line(entry, {who, by});
  else
    return refuse(entry);
  auto* first = first_of(waiting);
  return first && first->who == who ? place::first : place::waiting;
}

const claimant* name_table::find(const std::string& name) const {
  auto entry = entries_.find(name);
  return entry == entries_.end() ? nullptr : first_of(entry->second);
}

const claimant* name_table::find(const std::string& name,
                                 const caf::actor& who) const {
  auto entry = entries_.find(name);
  if (entry == entries_.end())
    return nullptr;
  auto& waiting = entry->second;
  auto place = waiting.find([&](auto& each) { return each.who == who; });
  return place == waiting.size() ? nullptr : &waiting[place];
}

caf::actor name_table::find_actor(const caf::node_id& node,
                                  caf::actor_id id) const {
  auto held = held_.find(node);
  if (held == held_.end())
    return nullptr;
  auto found = held->second.lower_bound({id, nullptr});
  if (found == held->second.end() || found->first != id)
    return nullptr;
  auto& waiting = found->second->second;
  return waiting[waiting.find(holder_is(node, id))].who;
}

bool name_table::has(const caf::actor& who) const {
  return find_actor(who.node(), who.id()) != nullptr;
}

bool name_table::remove(const std::string& name, const caf::actor& who) {
  auto held = held_.find(who.node());
  auto entry = entries_.find(name);
  if (held == held_.end() || entry == entries_.end()
      || held->second.erase({who.id(), &*entry}) == 0)
    return false;
  auto holder = entry->second.find(holder_is(who.node(), who.id()));
  leave_line(*entry, holder);
  forget_if_empty(held);
  return true;
}

void name_table::remove_actor(const caf::actor_addr& who) {
  auto held = who ? held_.find(who.node()) : held_.end();
  if (held == held_.end())
    return;
  auto& all = held->second;
  auto is_holder = holder_is(held->first, who.id());
  for (auto each = all.lower_bound({who.id(), nullptr});
       each != all.end() && each->first == who.id();) {
    auto& entry = *each->second;
    auto holder = entry.second.find(is_holder);
    if (!is_same_object(entry.second[holder].who, who)) {
      ++each; // put again, by the same node
      continue;
    }
    each = all.erase(each);
    leave_line(entry, holder);
  }
  forget_if_empty(held);
}

void name_table::remove_node(const caf::node_id& node) {
  behind_.erase(node);
  auto held = held_.extract(node);
  if (!held)
    return;
  for (auto& [id, entry] : held.mapped())
    leave_line(*entry, entry->second.find(holder_is(node, id)));
}

// Seldom: nodes put their own actors.
void name_table::remove_foreign(const caf::node_id& by) {
  auto used = used_.find(by);
  if (used == used_.end() || used->second.foreign == 0)
    return;
  for (auto& [name, who] : list_all())
    if (auto* found = find(name, who);
        found && found->by == by && who.node() != by)
      remove(name, who);
}

void name_table::set_behind(const caf::node_id& node, bool behind) {
  if (behind)
    behind_.insert(node);
  else
    behind_.erase(node);
  auto held = held_.find(node);
  if (held == held_.end())
    return;
  for (auto& [id, entry] : held->second)
    sort_behind(entry->second);
}

std::vector<directory_entry> name_table::list(std::string_view prefix) const {
  std::vector<directory_entry> result;
  for (auto entry = entries_.lower_bound(prefix);
       entry != entries_.end() && entry->first.starts_with(prefix); ++entry)
    if (auto* holder = first_of(entry->second))
      result.push_back({entry->first, holder->who});
  return result;
}

directory_page name_table::page(std::string_view prefix, std::string_view after,
                                std::size_t bytes) const {
  directory_page result{{}, false};
  auto entry = after < prefix ? entries_.lower_bound(prefix)
                              : entries_.upper_bound(after);
  for (std::size_t used = 0;
       entry != entries_.end() && entry->first.starts_with(prefix); ++entry) {
    auto* holder = first_of(entry->second);
    if (!holder)
      continue;
    if (result.more = used >= bytes; result.more)
      break;
    result.rows.push_back(
        {entry->first, pid_text(holder->who.id(), holder->who.node())});
    used += result.rows.back().name.size() + result.rows.back().pid.size();
  }
  return result;
}

std::vector<directory_entry> name_table::list_all() const {
  std::vector<directory_entry> result;
  for (auto& [name, waiting] : entries_)
    for (std::size_t i = 0; i < waiting.size(); ++i)
      result.push_back({name, waiting[i].who});
  return result;
}

bool name_table::admits(const std::string& name, const name_line& waiting,
                        const caf::node_id& by) const {
  if (!by)
    return true;
  auto found = used_.find(by);
  auto used = found == used_.end() ? usage{} : found->second;
  return waiting.size() < limits_.line && used.names < limits_.names
         && used.bytes + name.size() <= limits_.bytes;
}

void name_table::count(const std::string& name, const claimant& who) {
  if (!who.by)
    return;
  auto& used = used_[who.by];
  ++used.names;
  used.bytes += name.size();
  used.foreign += who.who.node() != who.by;
}

void name_table::discount(const std::string& name, const claimant& who) {
  if (!who.by)
    return;
  auto used = used_.find(who.by);
  used->second.bytes -= name.size();
  used->second.foreign -= who.who.node() != who.by;
  if (--used->second.names == 0)
    used_.erase(used);
}

void name_table::join_line(entry_map::iterator entry, claimant who) {
  auto& [name, waiting] = *entry;
  count(name, who);
  held_[who.who.node()].emplace(who.who.id(), &*entry);
  auto others = is_behind(who)
                    ? waiting.size()
                    : waiting.find([this](auto& x) { return is_behind(x); });
  waiting.insert(others, std::move(who));
}

place name_table::refuse(entry_map::iterator entry) {
  if (entry->second.empty())
    entries_.erase(entry);
  return place::refused;
}

void name_table::leave_line(entry_map::value_type& entry, std::size_t place) {
  auto& [name, waiting] = entry;
  discount(name, waiting[place]);
  waiting.erase(place);
  if (waiting.empty())
    entries_.erase(entries_.find(name));
}

void name_table::sort_behind(name_line& waiting) const {
  std::vector<claimant> all;
  for (std::size_t i = 0; i < waiting.size(); ++i)
    all.push_back(waiting[i]);
  std::stable_partition(all.begin(), all.end(),
                        [this](auto& each) { return !is_behind(each); });
  for (std::size_t i = 0; i < all.size(); ++i)
    waiting[i] = std::move(all[i]);
}

void name_table::forget_if_empty(node_map::iterator held) {
  if (held->second.empty())
    held_.erase(held);
}

} // namespace wsrelay
