// The handler of the stage, and who is here.
#include "tools/targets/stage.hpp"

#include "actors/answer.hpp"
#include "actors/error.hpp"
#include "config/ip_address.hpp"

#include <caf/all.hpp>

namespace wsrelay {

namespace {

// One subscriber has a /64 of IPv6.
std::string subscriber_of(const std::string& address) {
  auto parsed = parse_ip_address(address);
  if (!parsed || parsed->is_ipv4)
    return address;
  return {parsed->bytes.begin(), parsed->bytes.begin() + 8};
}

http_response stage_is_full() {
  http_response result;
  result.status = 503;
  result.headers = {{"Content-Type", "text/plain"}, {"Retry-After", "30"}};
  result.body = "The stage is full. Come back in half a minute.\n";
  return result;
}

} // namespace

caf::behavior stage(stage_actor* self) {
  auto& state = self->state;
  self->set_default_handler(
      drop_unexpected); // CAF's prints it, payload and all
  self->set_down_handler(
      [&state](caf::down_msg& message) { state.on_down(message.source); });
  return {
      [&state](const http_request& request) {
        return state.on_request(request);
      },
      [&state](const stage_person& person) { state.on_person(person); },
      [&state](caf::tick_atom) { state.tell_changes(); },
      [](const ws_join&) -> caf::result<void> {
        return make_error(errc::target_refused, "the stage is a handler");
      },
      [](const ws_refused&) {},
  };
}

// Without a WebSocket no actor is spawned: the relay's 426 needs none.
http_response stage_state::on_request(const http_request& request) {
  http_response result;
  result.relay = relay_to{caf::actor{self}, {}, {}, {}};
  if (!request.websocket)
    return result;
  auto address = subscriber_of(request.remote_address);
  auto& count = counts[address];
  if (sessions.size() >= max_stage_connections
      || count >= max_stage_per_address) {
    if (count == 0)
      counts.erase(address);
    return stage_is_full();
  }
  ++count;
  result.relay->target = self->spawn<caf::monitored>(
      stage_session, "blue", caf::actor{self}, caf::actor{});
  sessions.emplace(result.relay->target.address(), std::move(address));
  return result;
}

void stage_state::on_person(const stage_person& person) {
  auto who = person.client.address();
  auto is_new = people.insert_or_assign(who, person.entry).second;
  if (is_new) {
    self->monitor(person.client);
    everybody.add(person.client);
    self->send(person.client,
               ws_event{"stage.people", shared_buffer{stage_people_json(
                                            entries(nullptr), {})}});
  }
  changed.insert(who);
  note_change();
}

void stage_state::on_down(const caf::actor_addr& who) {
  if (auto session = sessions.extract(who))
    return release(session.mapped());
  auto person = people.extract(who);
  if (!person)
    return;
  changed.erase(who);
  gone.push_back(std::move(person.mapped().pid));
  note_change();
}

void stage_state::release(const std::string& address) {
  auto count = counts.find(address);
  if (--count->second == 0)
    counts.erase(count);
}

void stage_state::note_change() {
  if (is_told_soon)
    return;
  is_told_soon = true;
  self->delayed_send(self, stage_pause, caf::tick_atom_v);
}

void stage_state::tell_changes() {
  is_told_soon = false;
  everybody.send(ws_event{"stage.changes", shared_buffer{stage_people_json(
                                               entries(&changed), gone)}});
  changed.clear();
  gone.clear();
}

std::vector<std::string>
stage_state::entries(const std::set<caf::actor_addr>* of) const {
  std::vector<std::string> result;
  for (auto& [who, entry] : people)
    if (!of || of->contains(who))
      result.push_back(stage_entry_json(entry));
  return result;
}

} // namespace wsrelay
