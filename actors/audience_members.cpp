// Members by node.
#include "actors/audience_members.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>

#include <utility>

namespace wsrelay {

namespace {

// A lone member needs no audience: one message is one message.
constexpr std::size_t worth_asking = 2;

const void* key_of(const caf::actor& who) {
  return caf::actor_cast<caf::actor_control_block*>(who);
}

const void* key_of(const caf::actor_addr& who) {
  return caf::actor_cast<caf::actor_control_block*>(who);
}

} // namespace

bool audience_members::add(const caf::actor& who, audience_order& order) {
  auto node = node_of_(who);
  auto& where = places_[node];
  if (!where.members.emplace(key_of(who), who).second)
    return false;
  forget_receivers(order);
  if (where.remote) {
    order.remote = where.remote;
    order.change.add.push_back(who.id());
  } else if (node != here_) {
    ask(where, order);
  }
  return true;
}

bool audience_members::remove(const caf::actor& who, audience_order& order) {
  auto entry = places_.find(node_of_(who));
  if (entry == places_.end() || !take_out(entry->second, key_of(who), order))
    return false;
  if (entry->second.remote) {
    order.remote = entry->second.remote;
    order.change.remove.push_back(who.id());
  }
  erase_if_empty(entry);
  return true;
}

void audience_members::drop(const caf::actor_addr& who, audience_order& order) {
  for (auto entry = places_.begin(); entry != places_.end(); ++entry) {
    auto& where = entry->second;
    if (where.remote && key_of(where.remote) == key_of(who)) {
      forget_receivers(order);
      order.dropped = std::exchange(where.remote, nullptr);
      ask(where, order);
    } else if (!take_out(where, key_of(who), order)) {
      continue;
    }
    return erase_if_empty(entry);
  }
}

bool audience_members::take_out(place& where, const void* key,
                                audience_order& order) {
  auto found = where.members.extract(key);
  if (!found)
    return false;
  forget_receivers(order);
  order.dropped = std::move(found.mapped());
  if (where.asked == key) {
    where.asked = nullptr;
    ask(where, order);
  }
  return true;
}

void audience_members::erase_if_empty(place_map::iterator entry) {
  if (entry->second.members.empty() && !entry->second.remote)
    places_.erase(entry);
}

void audience_members::ask(place& where, audience_order& order) {
  if (where.asked || where.remote || where.members.size() < worth_asking)
    return;
  auto& [key, who] = *where.members.begin();
  where.asked = key;
  order.ask = who;
}

bool audience_members::open(const caf::actor& remote, audience_order& order) {
  auto entry = places_.find(node_of_(remote));
  if (entry == places_.end() || entry->second.remote)
    return false;
  auto& where = entry->second;
  where.asked = nullptr;
  forget_receivers(order);
  where.remote = remote;
  order.remote = remote;
  order.change.add.reserve(where.members.size());
  for (auto& [key, who] : where.members)
    order.change.add.push_back(who.id());
  return true;
}

actor_list audience_members::clear() {
  actor_list result;
  for (auto& [node, where] : places_) {
    for (auto& [key, who] : where.members)
      result.push_back(who);
    if (where.remote)
      result.push_back(where.remote);
  }
  places_.clear();
  receivers_ = nullptr;
  return result;
}

std::size_t audience_members::size() const noexcept {
  std::size_t result = 0;
  for (auto& [node, where] : places_)
    result += where.members.size();
  return result;
}

std::shared_ptr<const actor_list> audience_members::receivers() {
  if (receivers_)
    return receivers_;
  auto made = std::make_shared<actor_list>();
  for (auto& [node, where] : places_) {
    if (where.remote && !where.members.empty())
      made->push_back(where.remote);
    else
      for (auto& [key, who] : where.members)
        made->push_back(who);
  }
  receivers_ = std::move(made);
  return receivers_;
}

void audience_members::forget_receivers(audience_order& order) {
  order.dropped_receivers = std::exchange(receivers_, nullptr);
}

} // namespace wsrelay
