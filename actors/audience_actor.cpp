// The actor behind an audience.
#include "actors/audience_actor.hpp"

#include "actors/audience.hpp"
#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/outgoing.hpp"
#include "protocol/json.hpp"

#include <caf/actor_registry.hpp>
#include <caf/default_attachable.hpp>
#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>

namespace wsrelay {

namespace {

caf::default_attachable::observe_token monitor_of(const caf::actor_addr& who) {
  return {who, caf::default_attachable::monitor};
}

void refuse(const caf::mailbox_element& what, caf::execution_unit* host) {
  if (what.sender)
    enqueue_to(
        what.sender, nullptr, what.mid.response_id(),
        caf::make_message(make_error(errc::invalid_message,
                                     "an audience does not answer requests")),
        host);
}

} // namespace

audience_actor::audience_actor(caf::actor_config& config, caf::node_id here,
                               node_of_function node_of)
    : caf::monitorable_actor{config},
      members_{std::move(here), std::move(node_of)} {}

// The monitor comes last: it fires at once for an actor that has ended.
void audience_actor::add(const caf::actor& who) {
  audience_order order;
  {
    std::lock_guard guard{mutex_};
    if (getf(is_terminated_flag) || !members_.add(who, order))
      return;
    obey(order);
  }
  watch(who);
}

void audience_actor::remove(const caf::actor& who) {
  audience_order order;
  {
    std::lock_guard guard{mutex_};
    if (!members_.remove(who, order))
      return;
    obey(order);
  }
  unwatch(who);
}

std::size_t audience_actor::size() const {
  std::lock_guard guard{mutex_};
  return members_.size();
}

void audience_actor::follow(const caf::actor& owner) {
  owner_ = owner.address();
  watch(owner);
}

void audience_actor::enqueue(caf::mailbox_element_ptr what,
                             caf::execution_unit* host) {
  auto ended = [this](caf::down_msg& message) { on_down(message.source); };
  if (handle_system_message(*what, host, false, ended))
    return;
  if (what->mid.is_request())
    return refuse(*what, host);
  auto content = what->move_content_to_message();
  if (handle(content))
    return;
  if (auto checked = to_outgoing(content))
    send_to_all(*what, *checked, host);
  else
    log(log_part::connection)
        .debug("broadcast dropped: audience={} reason={}", id(),
               json_string(to_text(checked.error())));
}

bool audience_actor::handle(const caf::message& content) {
  if (content.match_elements<audience_opened>())
    on_opened(content.get_as<audience_opened>(0).audience);
  else if (content.match_elements<audience_change>())
    on_change(content.get_as<audience_change>(0));
  else
    return false;
  return true;
}

// Without the lock: what a receiver does with it is its own affair.
void audience_actor::send_to_all(const caf::mailbox_element& what,
                                 const caf::message& content,
                                 caf::execution_unit* host) {
  std::shared_ptr<const actor_list> receivers;
  {
    std::lock_guard guard{mutex_};
    receivers = members_.receivers();
  }
  for (auto& who : *receivers)
    enqueue_to(who, what.sender, what.mid, content, host);
}

void audience_actor::on_down(const caf::actor_addr& who) {
  if (who == owner_) {
    cleanup(caf::exit_reason::normal, nullptr);
    return;
  }
  audience_order order;
  std::lock_guard guard{mutex_};
  members_.drop(who, order);
  obey(order);
}

void audience_actor::on_opened(const caf::actor& remote) {
  if (!remote)
    return;
  audience_order order;
  auto wanted = false;
  {
    std::lock_guard guard{mutex_};
    wanted = !getf(is_terminated_flag) && members_.open(remote, order);
    obey(order);
  }
  if (wanted)
    watch(remote);
  else
    caf::anon_send_exit(remote, caf::exit_reason::user_shutdown);
}

// Who is not registered any more has ended.
// An audience in an audience may lead back to itself.
void audience_actor::on_change(const audience_change& change) {
  auto& registry = home_system().registry();
  for (auto id : change.add) {
    auto who = caf::actor_cast<caf::actor>(registry.get(id));
    auto* object = caf::actor_cast<caf::abstract_actor*>(who);
    if (who && !dynamic_cast<audience_actor*>(object))
      add(who);
  }
  for (auto id : change.remove)
    if (auto who = caf::actor_cast<caf::actor>(registry.get(id)))
      remove(who);
}

// Under the lock, so that two orders cannot overtake each other. Both go to
// other nodes: they are queued there and call nobody.
void audience_actor::obey(const audience_order& order) {
  if (order.ask)
    caf::anon_send(order.ask, audience_open{caf::actor_cast<caf::actor>(this)});
  if (order.remote)
    caf::anon_send(order.remote, order.change);
}

void audience_actor::watch(const caf::actor& who) {
  who->attach(caf::default_attachable::make_monitor(who.address(), address()));
}

void audience_actor::unwatch(const caf::actor& who) {
  who->detach(monitor_of(address()));
}

// Nothing is left behind on members that live on.
bool audience_actor::cleanup(caf::error&& reason, caf::execution_unit* host) {
  if (!caf::monitorable_actor::cleanup(std::move(reason), host))
    return false;
  actor_list known;
  {
    std::lock_guard guard{mutex_};
    known = members_.clear();
  }
  for (auto& who : known)
    unwatch(who);
  return true;
}

void audience_actor::on_destroy() {
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::unreachable, nullptr);
  caf::monitorable_actor::on_destroy();
}

caf::actor make_audience(caf::actor_system& system, node_of_function node_of) {
  if (!node_of)
    node_of = [](const caf::actor& who) { return who.node(); };
  caf::actor_config config;
  return caf::make_actor<audience_actor, caf::actor>(
      system.next_actor_id(), system.node(), &system, config, system.node(),
      std::move(node_of));
}

audience_actor& as_audience(const caf::actor& who) {
  return *static_cast<audience_actor*>(
      caf::actor_cast<caf::abstract_actor*>(who));
}

void open_audience(caf::local_actor* self, const audience_open& message) {
  if (!message.owner)
    return;
  auto made = make_audience(self->home_system());
  as_audience(made).follow(message.owner);
  enqueue_to(message.owner, self->ctrl(), caf::make_message_id(),
             caf::make_message(audience_opened{made}), self->context());
}

} // namespace wsrelay
