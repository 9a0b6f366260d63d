// Forwarding to another node of the cluster.
#include "test/kit/cluster_proxy.hpp"

#include "actors/caf_compat.hpp"
#include "test/kit/cluster_member.hpp"

#include <caf/all.hpp>
#include <caf/detail/sync_request_bouncer.hpp>

#include <utility>

namespace wsrelay::test {

namespace {

bool is_over(const caf::actor_addr& who) {
  auto found = caf::actor_cast<caf::actor>(who);
  return !found || !is_alive(found);
}

} // namespace

cluster_proxy::cluster_proxy(caf::actor_config& config, cluster_member& home)
    : actor_proxy{config}, home_{home} {}

// Unlinking, and writing a handle of who has ended, take a lock that CAF may
// hold here: it sends exit messages from inside of `add_link`.
void cluster_proxy::enqueue(caf::mailbox_element_ptr what,
                            caf::execution_unit*) {
  auto& content = what->content();
  if (content.match_elements<caf::exit_msg>()) {
    auto source = content.get_as<caf::exit_msg>(0).source;
    home_.post([me = caf::strong_actor_ptr{ctrl()}, this, source] {
      unlink_from(source);
    });
    if (is_over(source))
      return forward_later(what->sender, what->move_content_to_message());
  }
  forward(what->sender, what->mid, what->stages, content);
}

void cluster_proxy::forward(
    const caf::strong_actor_ptr& sender, caf::message_id id,
    const caf::mailbox_element::forwarding_stack& stages,
    const caf::type_erased_tuple& content) {
  caf::strong_actor_ptr me{ctrl()};
  if (!has_ended_)
    return home_.send({sender, me, id, stages, content});
  caf::detail::sync_request_bouncer bounce{
      caf::exit_reason::remote_link_unreachable};
  bounce(sender, id);
}

void cluster_proxy::forward_later(caf::strong_actor_ptr sender,
                                  caf::message content) {
  home_.post([me = caf::strong_actor_ptr{ctrl()}, this, sender, content] {
    forward(sender, caf::make_message_id(), {}, content);
  });
}

bool cluster_proxy::add_backlink(caf::abstract_actor* other) {
  if (!monitorable_actor::add_backlink(other))
    return false;
  forward_later(ctrl(),
                caf::make_message(caf::link_atom::value,
                                  caf::strong_actor_ptr{other->ctrl()}));
  return true;
}

bool cluster_proxy::remove_backlink(caf::abstract_actor* other) {
  if (!monitorable_actor::remove_backlink(other))
    return false;
  forward_later(ctrl(),
                caf::make_message(caf::unlink_atom::value,
                                  caf::strong_actor_ptr{other->ctrl()}));
  return true;
}

void cluster_proxy::kill_proxy(caf::execution_unit*, caf::error reason) {
  has_ended_ = true;
  cleanup(std::move(reason), nullptr);
}

} // namespace wsrelay::test
