// The directory actor.
#include "actors/directory.hpp"

#include "actors/answer.hpp"
#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "protocol/pid.hpp"
#include "protocol/text.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

caf::result<void> directory_state::put(const std::string& name,
                                       const caf::actor& who) {
  if (auto checked = check_name(name); !checked)
    return make_error(errc::invalid_message, checked.error().what);
  if (!who || !is_alive(who))
    return make_error(errc::no_such_target, "the actor has ended");
  auto [entry, added] = entries.emplace(name, who);
  if (!added && entry->second != who)
    return make_error(errc::name_taken, name);
  if (added)
    self->monitor(who);
  return caf::unit;
}

void directory_state::erase(const std::string& name) {
  auto entry = entries.find(name);
  if (entry == entries.end())
    return;
  auto who = std::move(entry->second);
  entries.erase(entry);
  // CAF 0.17.6 drops all monitors of an actor at once, also of its other names.
  auto has_name = [&](auto& other) { return other.second == who; };
  if (std::none_of(entries.begin(), entries.end(), has_name))
    self->demonitor(who);
}

caf::result<caf::actor> directory_state::get(const std::string& target) const {
  auto parsed = parse_target(target);
  if (!parsed)
    return make_error(errc::no_such_target, parsed.error().what);
  if (parsed->kind == target_name::form::name)
    return find_name(parsed->name);
  // The node is compared as text: a system without CAF's middleman has no node
  // id, and its PIDs read "12@invalid-node".
  if (parsed->node != to_string(self->home_system().node()))
    return make_error(errc::no_such_peer, "no such peer");
  if (parsed->kind == target_name::form::pid)
    return find_pid(parsed->id);
  return find_pid(parse_decimal(parsed->name).value_or(0));
}

caf::result<caf::actor>
directory_state::find_name(const std::string& name) const {
  auto entry = entries.find(name);
  if (entry == entries.end() || !is_alive(entry->second))
    return make_error(errc::no_such_target, "no such target");
  return entry->second;
}

caf::result<caf::actor> directory_state::find_pid(caf::actor_id id) const {
  auto& registry = self->home_system().registry();
  auto who = caf::actor_cast<caf::actor>(registry.get(id));
  if (!who || !is_alive(who))
    return make_error(errc::no_such_target, "no such target");
  return who;
}

std::vector<directory_entry> directory_state::list() const {
  std::vector<directory_entry> result;
  result.reserve(entries.size());
  for (auto& [name, who] : entries)
    result.push_back({name, who});
  return result;
}

void directory_state::drop(const caf::actor_addr& who) {
  std::erase_if(entries, [&](auto& entry) { return entry.second == who; });
}

caf::behavior directory(directory_actor* self) {
  self->set_default_handler(drop_unexpected);
  self->set_down_handler(
      [self](caf::down_msg& message) { self->state.drop(message.source); });
  return {
      [self](const directory_put& message) {
        return answer(self, self->state.put(message.name, message.who));
      },
      [self](const directory_erase& message) {
        self->state.erase(message.name);
      },
      [self](const directory_get& message) {
        return answer(self, self->state.get(message.target));
      },
      [self](directory_list) { return self->state.list(); },
  };
}

std::string pid_text(caf::actor_id id, const caf::node_id& node) {
  struct cached_node {
    caf::node_id id;
    std::string text;
  };
  thread_local cached_node last;
  if (last.text.empty() || last.id != node)
    last = {node, "@" + to_string(node)};
  return std::to_string(id) + last.text;
}

std::string publish_pid(const caf::actor& who) {
  auto ptr = caf::actor_cast<caf::strong_actor_ptr>(who);
  who.home_system().registry().put(who.id(), ptr);
  return pid_text(who.id(), who.node());
}

} // namespace wsrelay
