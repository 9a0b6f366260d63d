// Forwarding to another node.
#include "net/cluster/proxy.hpp"

#include "net/cluster/remote_message.hpp"

#include <caf/all.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/io/middleman.hpp>
#include <caf/locks.hpp>

#include <mutex>

namespace wsrelay {

node_proxy::node_proxy(caf::actor_config& config, caf::actor broker,
                       std::shared_ptr<const proxy_context> shared)
    : actor_proxy{config},
      shared_{std::move(shared)},
      broker_{std::move(broker)} {
  // The broker tells the other node that the actor's end matters here.
  caf::anon_send(broker_, caf::monitor_atom_v, caf::strong_actor_ptr{ctrl()});
}

void node_proxy::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  auto content = what->move_content_to_message();
  if (content.match_elements<caf::exit_msg>())
    unlink_later(content.get_as<caf::exit_msg>(0).source);
  forward(std::move(what->sender), what->mid, std::move(what->stages),
          std::move(content));
}

// Not at once: CAF sends the exit message of an actor that has ended already
// from inside of `add_link`, which holds the lock that unlinking wants.
void node_proxy::unlink_later(caf::actor_addr who) {
  home_system().middleman().backend().post(
      [me = caf::strong_actor_ptr{ctrl()}, this, who] { unlink_from(who); });
}

void node_proxy::forward(caf::strong_actor_ptr sender, caf::message_id id,
                         caf::mailbox_element::forwarding_stack stages,
                         caf::message content) {
  caf::shared_lock<caf::detail::shared_spinlock> guard{broker_lock_};
  if (broker_) {
    // Before it is sent, and before `kill_proxy` when that comes meanwhile.
    if (id.is_request() && sender && sender->node() == home_system().node())
      shared_->requests->add(sender, id, node());
    shared_->load->add(bulk_of(content));
    broker_->enqueue(nullptr, caf::make_message_id(),
                     caf::make_message(caf::forward_atom_v, std::move(sender),
                                       std::move(stages),
                                       caf::strong_actor_ptr{ctrl()}, id,
                                       std::move(content)),
                     nullptr);
    return;
  }
  guard.unlock();
  caf::detail::sync_request_bouncer bounce{
      caf::exit_reason::remote_link_unreachable};
  bounce(sender, id);
}

bool node_proxy::add_backlink(caf::abstract_actor* other) {
  if (!monitorable_actor::add_backlink(other))
    return false;
  forward(ctrl(), caf::make_message_id(), {},
          caf::make_message(caf::link_atom_v,
                            caf::strong_actor_ptr{other->ctrl()}));
  return true;
}

bool node_proxy::remove_backlink(caf::abstract_actor* other) {
  if (!monitorable_actor::remove_backlink(other))
    return false;
  forward(ctrl(), caf::make_message_id(), {},
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
