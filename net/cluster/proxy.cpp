// Forwarding to another node.
#include "net/cluster/proxy.hpp"

#include "actors/caf_compat.hpp"
#include "net/cluster/remote_message.hpp"

#include <caf/all.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/io/middleman.hpp>
#include <caf/locks.hpp>

#include <mutex>

namespace wsrelay {

namespace {

bool has_ended(const caf::actor_addr& who) {
  auto found = caf::actor_cast<caf::actor>(who);
  return !found || !is_alive(found);
}

} // namespace

node_proxy::node_proxy(caf::actor_config& config, caf::actor broker,
                       std::shared_ptr<const proxy_context> shared)
    : actor_proxy{config},
      shared_{std::move(shared)},
      broker_{std::move(broker)} {
  // The broker tells the other node that the actor's end matters here.
  caf::anon_send(broker_, caf::monitor_atom_v, caf::strong_actor_ptr{ctrl()});
  ++shared_->load->actors;
}

node_proxy::~node_proxy() {
  --shared_->load->actors;
}

void node_proxy::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  auto& content = what->content();
  if (content.match_elements<caf::exit_msg>()) {
    auto& source = content.get_as<caf::exit_msg>(0).source;
    unlink_later(source);
    if (has_ended(source))
      return forward_later(what->sender, what->move_content_to_message());
  }
  caf::strong_actor_ptr me{ctrl()};
  forward({what->sender, me, what->mid, what->stages, content});
}

// Not at once: CAF sends the exit message of an actor that has ended already
// from inside of `add_link`, which holds the lock that unlinking wants.
void node_proxy::unlink_later(caf::actor_addr who) {
  home_system().middleman().backend().post(
      [me = caf::strong_actor_ptr{ctrl()}, this, who] { unlink_from(who); });
}

// The same for what names that actor: to encode it takes its lock.
void node_proxy::forward_later(caf::strong_actor_ptr sender,
                               caf::message content) {
  home_system().middleman().backend().post(
      [me = caf::strong_actor_ptr{ctrl()}, this, sender, content] {
        forward({sender, me, caf::make_message_id(), {}, content});
      });
}

void node_proxy::forward(const outgoing_message& what) {
  caf::shared_lock<caf::detail::shared_spinlock> guard{broker_lock_};
  if (broker_) {
    // Before it is sent, and before `kill_proxy` when that comes meanwhile.
    if (what.id.is_request() && what.sender
        && what.sender->node() == home_system().node())
      shared_->requests->add(what.sender, what.id, node());
    shared_->link->send(what, [&] { give_to_broker(what); });
    return;
  }
  guard.unlock();
  caf::detail::sync_request_bouncer bounce{
      caf::exit_reason::remote_link_unreachable};
  bounce(what.sender, what.id);
}

void node_proxy::give_to_broker(const outgoing_message& what) {
  auto content = caf::message::copy(what.content);
  shared_->load->add(bulk_of(content));
  enqueue_to(broker_, nullptr, caf::make_message_id(),
             caf::make_message(caf::forward_atom_v, what.sender, what.stages,
                               what.receiver, what.id, std::move(content)),
             nullptr);
}

bool node_proxy::add_backlink(caf::abstract_actor* other) {
  if (!monitorable_actor::add_backlink(other))
    return false;
  forward_later(ctrl(),
                caf::make_message(caf::link_atom_v,
                                  caf::strong_actor_ptr{other->ctrl()}));
  return true;
}

bool node_proxy::remove_backlink(caf::abstract_actor* other) {
  if (!monitorable_actor::remove_backlink(other))
    return false;
  forward_later(ctrl(),
                caf::make_message(caf::unlink_atom_v,
                                  caf::strong_actor_ptr{other->ctrl()}));
  return true;
}

void node_proxy::kill_proxy(caf::execution_unit* caller, caf::error reason) {
  caf::actor last; // the broker's end may be behind it
  {
    std::unique_lock<caf::detail::shared_spinlock> guard{broker_lock_};
    last.swap(broker_);
  }
  if (shared_->lost->gathers())
    shared_->lost->add(caf::strong_actor_ptr{ctrl()}, std::move(reason));
  else
    end(caller, std::move(reason));
}

void node_proxy::end(caf::execution_unit* caller, caf::error reason) {
  cleanup(std::move(reason), caller);
}

} // namespace wsrelay
