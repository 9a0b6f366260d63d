// The chat target.
#include "tools/targets/chat.hpp"

namespace wsrelay {

caf::behavior chat(chat_actor* self) {
  auto& state = self->state;
  return {
      [&state](const ws_join& message) { state.on_join(message); },
      [&state](const ws_message& message) { state.on_message(message); },
      [](const ws_heartbeat&) {},
      [&state](const ws_leave& message) { state.on_leave(message); },
  };
}

// Who has not said hello yet has no name, hears nothing and is not listed.
void chat_state::on_join(const ws_join& message) {
  room_for(message.metadata).members.emplace(message.client, "");
}

void chat_state::on_message(const ws_message& message) {
  auto& where = room_for(message.metadata);
  auto parsed = parse_chat_message(message.data.view());
  if (!parsed)
    return tell(message.client, "chat.error",
                chat_error_json(parsed.error().what));
  if (parsed->type == chat_message::kind::hello)
    hello(where, message, std::move(parsed->text));
  else
    say(where, message.client, std::move(parsed->text));
}

void chat_state::hello(room& where, const ws_message& message,
                       std::string name) {
  auto& known = where.members[message.client];
  if (!known.empty())
    return tell(message.client, "chat.error",
                chat_error_json("you have a name already"));
  known = name;
  where.named.add(message.client);
  tell(message.client, "chat.welcome",
       chat_welcome_json(room_of(message.metadata.view()),
                         message.client_pid.view(), names(where),
                         where.history));
  where.named.send(
      ws_event{"chat.joined", chat_change_json(name, names(where))});
}

void chat_state::say(room& where, const caf::actor& from, std::string text) {
  auto& name = where.members[from];
  if (name.empty())
    return tell(from, "chat.error", chat_error_json("say hello first"));
  chat_line line{name, std::move(text)};
  where.named.send(ws_event{"chat.message", chat_line_json(line)});
  where.history.push_back(std::move(line));
  if (where.history.size() > max_chat_history)
    where.history.pop_front();
}

void chat_state::on_leave(const ws_leave& message) {
  auto entry = rooms.find(room_of(message.metadata.view()));
  if (entry == rooms.end())
    return;
  auto& where = entry->second;
  where.named.remove(message.client);
  auto gone = where.members.extract(message.client);
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

chat_state::room& chat_state::room_for(const shared_buffer& metadata) {
  return rooms.try_emplace(room_of(metadata.view()), self).first->second;
}

std::vector<std::string> chat_state::names(const room& where) {
  std::vector<std::string> result;
  for (auto& [who, name] : where.members)
    if (!name.empty())
      result.push_back(name);
  return result;
}

} // namespace wsrelay
