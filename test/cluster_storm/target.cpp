// The targets' reactions.
#include "test/cluster_storm/target.hpp"

#include "actors/ending.hpp"
#include "actors/error.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <sstream>

namespace wsrelay::cluster_storm {

namespace {

// Metadata is {"serial":"12"}.
std::string serial_of(const shared_buffer& metadata) {
  auto text = metadata.view();
  auto at = text.find("\"serial\"");
  auto from = text.find_first_of("0123456789", at);
  if (at == text.npos || from == text.npos)
    return "?";
  auto to = text.find_first_not_of("0123456789", from);
  return std::string{text.substr(from, to - from)};
}

} // namespace

caf::result<void> target_state::on_join(const ws_join& message) {
  auto serial = serial_of(message.metadata);
  auto epoch = ++epochs;
  if (how == habit::refuses) {
    on->events.add(event::refused, own_name, epoch, serial);
    return make_error(errc::busy, "not today");
  }
  visits[std::string{message.client_pid.view()}] = {epoch, 0, serial};
  if (how == habit::accepts) {
    on->events.add(event::joined, own_name, epoch, serial);
    return caf::unit;
  }
  on->events.add(event::ignored, own_name, epoch, serial);
  return unanswered[std::string{message.client_pid.view()}] =
             self->make_response_promise();
}

// Text is "NUMBER", or "NUMBER move|sibling ID WHERE".
void target_state::on_message(const ws_message& message) {
  auto& who = visits[std::string{message.client_pid.view()}];
  auto serial = serial_of(message.metadata);
  std::istringstream text{std::string{message.data.view()}};
  std::uint64_t number = 0;
  std::uint64_t id = 0;
  std::string verb;
  std::string where;
  text >> number >> verb >> id >> where;
  on->events.add(event::message, own_name, who.epoch, serial,
                 fmt::format("{} {}{}", message.seq, number,
                             message.redelivered ? " again" : ""));
  send_number(who, message.client, message.client_pid);
  if (!verb.empty() && !message.redelivered) // somebody may have done it
    move(who, message.client, id, verb, where);
}

void target_state::on_leave(const ws_leave& message) {
  auto serial = serial_of(message.metadata);
  auto found = visits.find(message.client_pid.view());
  auto epoch = found == visits.end() ? 0 : found->second.epoch;
  on->events.add(
      event::left, own_name, epoch, serial,
      fmt::format("{} {}", to_text(message.reason), message.last_seq));
  if (found == visits.end())
    return;
  // Everybody may send to a connection, also who has lost it.
  if (message.reason == leave_reason::transferred)
    send_number(found->second, message.client, message.client_pid);
  visits.erase(found);
  if (auto never = unanswered.find(message.client_pid.view());
      never != unanswered.end())
    unanswered.erase(never);
}

// Every eighth is a request.
void target_state::send_number(visit& to, const caf::actor& client,
                               const shared_buffer& client_pid) {
  auto number = ++to.sent;
  on->events.add(event::sent, own_name, to.epoch, to.serial,
                 std::to_string(number));
  ws_send reply{message_type::text, shared_buffer{fmt::format(
                                        "T {}/{} {} {} {}", on->label, own_name,
                                        to.epoch, number, client_pid.view())}};
  if (number % 8 != 0)
    return self->send(client, std::move(reply));
  auto note = [this, number, epoch = to.epoch,
               serial = to.serial](event what, std::string_view error) {
    on->events.add(what, own_name, epoch, serial,
                   fmt::format("{} {}", number, error));
  };
  self->request(client, caf::infinite, std::move(reply))
      .then(
          [note] { note(event::taken, ""); },
          [note](caf::error& error) { note(event::dropped, to_text(error)); });
}

void target_state::move(const visit& who, const caf::actor& client,
                        std::uint64_t id, const std::string& verb,
                        const std::string& where) {
  ws_control control;
  if (verb == "sibling")
    control.target = on->targets.at(where);
  else
    control.target_pid = where;
  on->events.add(event::move_asked, own_name, who.epoch, who.serial,
                 fmt::format("{} {} {}", id, verb, where));
  auto note = [this, id, epoch = who.epoch,
               serial = who.serial](const std::string& answer) {
    on->events.add(event::move_answered, own_name, epoch, serial,
                   fmt::format("{} {}", id, answer));
  };
  self->request(client, caf::infinite, std::move(control))
      .then([note] { note("ok"); },
            [note](caf::error& error) { note(to_text(error)); });
}

caf::behavior target(target_actor* self, stage* on, std::string self_name,
                     habit how) {
  auto& state = self->state;
  state.on = on;
  state.own_name = std::move(self_name);
  state.how = how;
  return {
      [&state](const ws_join& message) { return state.on_join(message); },
      [&state](const ws_message& message) { state.on_message(message); },
      [&state](const ws_leave& message) { state.on_leave(message); },
  };
}

} // namespace wsrelay::cluster_storm
