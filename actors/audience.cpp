// Audiences, as their owners see them.
#include "actors/audience.hpp"

#include "actors/audience_actor.hpp"
#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/outgoing.hpp"
#include "protocol/json.hpp"

#include <caf/local_actor.hpp>

namespace wsrelay {

namespace {

void send_each(caf::local_actor* self, const std::vector<caf::actor>& clients,
               const caf::message& content) {
  auto checked = to_outgoing(content);
  if (!checked)
    return log(log_part::connection)
        .debug("broadcast dropped: reason={}",
               json_string(to_text(checked.error())));
  for (auto& client : clients)
    enqueue_to(client, self->ctrl(), caf::make_message_id(), *checked,
               self->context());
}

} // namespace

audience::audience(caf::local_actor* self)
    : self_{self}, actor_{make_audience(self->home_system())} {}

audience::~audience() {
  if (actor_)
    as_audience(actor_).cleanup(caf::exit_reason::normal, nullptr);
}

void audience::add(const caf::actor& client) {
  as_audience(actor_).add(client);
}

void audience::remove(const caf::actor& client) {
  as_audience(actor_).remove(client);
}

std::size_t audience::size() const {
  return as_audience(actor_).size();
}

void audience::send(ws_send message) {
  send_message(caf::make_message(std::move(message)));
}

void audience::send(ws_event message) {
  send_message(caf::make_message(std::move(message)));
}

void audience::send(ws_close message) {
  send_message(caf::make_message(std::move(message)));
}

void audience::send_message(const caf::message& content) {
  enqueue_to(actor_, self_->ctrl(), caf::make_message_id(), content,
             self_->context());
}

void broadcast(caf::local_actor* self, const std::vector<caf::actor>& clients,
               ws_send message) {
  send_each(self, clients, caf::make_message(std::move(message)));
}

void broadcast(caf::local_actor* self, const std::vector<caf::actor>& clients,
               ws_event message) {
  send_each(self, clients, caf::make_message(std::move(message)));
}

void broadcast(caf::local_actor* self, const std::vector<caf::actor>& clients,
               ws_close message) {
  send_each(self, clients, caf::make_message(std::move(message)));
}

} // namespace wsrelay
