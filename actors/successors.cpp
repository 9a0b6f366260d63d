// Look-ups, with pauses that grow.
#include "actors/successors.hpp"

#include "actors/caf_compat.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

namespace {

bool has_ended(const caf::response_promise& who) {
  auto& source = who.source();
  return !source
         || source->get()->getf(caf::abstract_actor::is_terminated_flag);
}

} // namespace

caf::result<caf::actor> successors_state::find(const successor_get& message) {
  auto promise = self->make_response_promise<caf::actor>();
  auto [entry, is_new] = names.try_emplace(message.name);
  entry->second.who.push_back(promise);
  if (is_new)
    ask(message.name);
  return promise;
}

// No timeout: the directory answers in time, also where another node does not.
void successors_state::ask(const std::string& name) {
  names.at(name).due = time_point::max();
  self->request<caf::message_priority::high>(directory, caf::infinite,
                                             directory_get{name})
      .then(
          [this, name](const caf::actor& found) {
            found ? on_found(name, found) : on_nobody(name);
          },
          [this, name](caf::error&) { on_nobody(name); });
}

void successors_state::on_found(const std::string& name,
                                const caf::actor& found) {
  auto entry = names.extract(name);
  for (auto& who : entry.mapped().who)
    who.deliver(found);
}

void successors_state::on_nobody(const std::string& name) {
  auto entry = names.find(name);
  auto& what = entry->second;
  std::erase_if(what.who, has_ended);
  if (what.who.empty())
    return void(names.erase(entry));
  what.due = self->clock().now() + what.pause;
  what.pause = std::min(2 * what.pause, most_successor_pause);
  tick();
}

void successors_state::on_tick() {
  ticks = false;
  auto now = self->clock().now();
  std::vector<std::string> due;
  for (auto& [name, what] : names)
    if (what.due <= now)
      due.push_back(name);
  for (auto& name : due)
    ask(name);
  tick();
}

// One timer for all names.
void successors_state::tick() {
  auto waits = std::any_of(names.begin(), names.end(), [](auto& each) {
    return each.second.due != time_point::max();
  });
  if (waits && !std::exchange(ticks, true))
    self->delayed_send(self, least_successor_pause, caf::tick_atom_v);
}

caf::behavior successors(successors_actor* self, caf::actor directory) {
  self->state.directory = std::move(directory);
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  return {
      [self](const successor_get& message) {
        return self->state.find(message);
      },
      [self](caf::tick_atom) { self->state.on_tick(); },
  };
}

} // namespace wsrelay
