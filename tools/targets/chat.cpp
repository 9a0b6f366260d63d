// The chat target.
#include "tools/targets/chat.hpp"

#include "actors/answer.hpp"

#include <caf/all.hpp>

namespace wsrelay {

caf::behavior chat(chat_actor* self) {
  auto& state = self->state;
  self->set_default_handler(
      drop_unexpected); // CAF's prints it, payload and all
  self->set_down_handler(
      [&state](caf::down_msg& message) { state.on_down(message.source); });
  return {
      [&state](const ws_join& message) { state.on_join(message); },
      [&state](const ws_message& message) { state.on_message(message); },
      [](const ws_heartbeat&) {},
      [&state](const ws_leave& message) { state.on_leave(message); },
  };
}

// Who has not said hello yet has no name, hears nothing and is not listed. The
// monitor tells of those who end without a word: with their node.
void chat_state::on_join(const ws_join& message) {
  if (!message.client)
    return;
  auto place = room_of(message.metadata.view());
  auto who = message.client.address();
  rooms.try_emplace(place, self).first->second.members.emplace(who, "");
  places.emplace(who, std::move(place));
  self->monitor(message.client);
}

void chat_state::on_message(const ws_message& message) {
  if (!message.client)
    return;
  auto place = places.find(message.client.address());
  if (place == places.end())
    return;
  auto parsed = parse_chat_message(message.data.view());
  if (!parsed)
    return tell(message.client, "chat.error",
                chat_error_json(parsed.error().what));
  if (parsed->type == chat_message::kind::hello)
    hello(place->second, message, std::move(parsed->text));
  else
    say(rooms.at(place->second), message.client, std::move(parsed->text));
}

void chat_state::hello(const std::string& place, const ws_message& message,
                       std::string name) {
  auto& where = rooms.at(place);
  auto& known = where.members[message.client.address()];
  if (!known.empty())
    return tell(message.client, "chat.error",
                chat_error_json("you have a name already"));
  known = name;
  where.named.add(message.client);
  tell(message.client, "chat.welcome",
       chat_welcome_json(place, message.client_pid.view(), names(where),
                         where.history));
  where.named.send(
      ws_event{"chat.joined", chat_change_json(name, names(where))});
}

void chat_state::say(room& where, const caf::actor& from, std::string text) {
  auto& name = where.members[from.address()];
  if (name.empty())
    return tell(from, "chat.error", chat_error_json("say hello first"));
  chat_line line{name, std::move(text)};
  where.named.send(ws_event{"chat.message", chat_line_json(line)});
  where.history.push_back(std::move(line));
  if (where.history.size() > max_chat_history)
    where.history.pop_front();
}

void chat_state::on_leave(const ws_leave& message) {
  if (!message.client)
    return;
  self->demonitor(message.client);
  auto place = places.find(message.client.address());
  if (place != places.end()) // it may live on, with another target
    rooms.at(place->second).named.remove(message.client);
  on_down(message.client.address());
}

void chat_state::on_down(const caf::actor_addr& who) {
  auto place = places.extract(who);
  if (!place)
    return;
  auto entry = rooms.find(place.mapped());
  auto& where = entry->second;
  auto gone = where.members.extract(who);
  if (where.members.empty())
    rooms.erase(entry);
  else if (gone && !gone.mapped().empty())
    where.named.send(
        ws_event{"chat.left", chat_change_json(gone.mapped(), names(where))});
}

void chat_state::tell(const caf::actor& who, std::string topic,
                      shared_buffer json) {
  self->send(who, ws_event{std::move(topic), std::move(json)});
}

std::vector<std::string> chat_state::names(const room& where) {
  std::vector<std::string> result;
  for (auto& [who, name] : where.members)
    if (!name.empty())
      result.push_back(name);
  return result;
}

} // namespace wsrelay
