// The actors behind a connection of the stage.
#include "tools/targets/stage_session.hpp"

#include "actors/answer.hpp"
#include "actors/error.hpp"

#include <caf/all.hpp>

namespace wsrelay {

caf::behavior stage_session(stage_session_actor* self, std::string color,
                            caf::actor stage, caf::actor partner) {
  auto& state = self->state;
  state.stage = std::move(stage);
  state.partner = std::move(partner);
  state.entry.actor = to_string(caf::actor{self});
  state.entry.color = std::move(color);
  self->set_default_handler(
      drop_unexpected); // CAF's prints it, payload and all
  // Its partner is linked to it and ends with it; not after a normal end.
  self->set_down_handler([self](const caf::down_msg&) {
    self->quit(caf::exit_reason::user_shutdown);
  });
  return {
      [&state](const ws_join& message) { return state.on_join(message); },
      [&state](const ws_message& message) { state.on_message(message); },
      [](const ws_heartbeat&) {},
      [](const ws_leave&) {}, // its client may come back; the monitor tells
      [self](const ws_refused&) { self->quit(); },
  };
}

caf::result<void> stage_session_state::on_join(const ws_join& message) {
  if (!message.client || (client && client != message.client))
    return make_error(errc::target_refused, "this actor has a client");
  if (!client) {
    client = message.client;
    self->monitor(client);
  }
  entry.pid = message.client_pid.view();
  entry.name = stage_name_of(message.metadata.view());
  tell("stage.bound", stage_bound_json(entry, heard));
  tell_stage();
  return caf::unit;
}

void stage_session_state::on_message(const ws_message& message) {
  if (!client || message.client != client)
    return;
  ++heard;
  auto request = parse_stage_request(message.data.view());
  if (!request)
    return tell("stage.error", stage_error_json(request.error().what));
  switch (request->type) {
    case stage_request::kind::hello:
      entry.name = std::move(request->name);
      return tell_stage();
    case stage_request::kind::count:
      return tell(
          "stage.counted",
          stage_counted_json(request->number, message.seq, entry.color, heard));
    case stage_request::kind::move:
      return move();
    case stage_request::kind::crash:
      return self->quit(caf::make_error(caf::sec::runtime_error,
                                        "its client asked it to crash"));
  }
}

// The name goes along in the metadata: the other one has no other way to know.
void stage_session_state::move() {
  if (is_moving)
    return;
  if (!partner)
    partner = self->spawn<caf::linked>(stage_session,
                                       entry.color == "blue" ? "amber" : "blue",
                                       stage, caf::actor{self});
  is_moving = true;
  ws_control control;
  control.target = partner;
  if (!entry.name.empty())
    control.metadata = shared_buffer{stage_metadata_json(entry.name)};
  self->request(client, caf::infinite, std::move(control))
      .then([this] { is_moving = false; },
            [this](const caf::error&) {
              is_moving = false;
              tell("stage.error",
                   stage_error_json("it could not be moved: try again"));
            });
}

// Who has not said hello is not listed. One at a time: else a client that sends
// names without end would fill the mailbox of all.
void stage_session_state::tell_stage() {
  if (entry.name.empty())
    return;
  has_news = is_telling;
  if (is_telling)
    return;
  is_telling = true;
  self->request(stage, caf::infinite, stage_person{client, entry})
      .then([this] { on_told(); }, [this](const caf::error&) { on_told(); });
}

void stage_session_state::on_told() {
  is_telling = false;
  if (has_news)
    tell_stage();
}

void stage_session_state::tell(std::string topic, std::string json) {
  self->send(client,
             ws_event{std::move(topic), shared_buffer{std::move(json)}});
}

} // namespace wsrelay
