// The actor behind an audience, on the owner's node and on each relay node that
// has members. It has no mailbox: what is sent to it goes to its members within
// `enqueue`, on the sender's thread. That keeps the order of what one sender
// sends to the audience and to a member. CAF's actor pool does it the same way
// (caf/actor_pool.hpp, 0.17.6).
#pragma once

#include "actors/audience_members.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/fwd.hpp>
#include <caf/monitorable_actor.hpp>

#include <mutex>

namespace wsrelay {

/// Every function may be called from any thread. Takes ws_send, ws_event and
/// ws_close; a request is an error, anything else is dropped.
class audience_actor : public caf::monitorable_actor {
public:
  audience_actor(caf::actor_config& config, caf::node_id here,
                 node_of_function node_of);

  /// Puts an actor in, or takes it out. Unknown to it is who is not in it.
  void add(const caf::actor& who);
  void remove(const caf::actor& who);

  std::size_t size() const;

  /// Ends when `owner` ends.
  void follow(const caf::actor& owner);

  using caf::monitorable_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* host) override;
  bool cleanup(caf::error&& reason, caf::execution_unit* host) override;
  void on_destroy() override;
  const char* name() const override { return "wsrelay.audience"; }

private:
  bool handle(const caf::message& content);
  void send_to_all(const caf::mailbox_element& what,
                   const caf::message& content, caf::execution_unit* host);
  void on_down(const caf::actor_addr& who);
  void on_opened(const caf::actor& remote);
  void on_change(const audience_change& change);
  void obey(const audience_order& order);
  void watch(const caf::actor& who);
  void unwatch(const caf::actor& who);

  mutable std::mutex mutex_; // of the members; held while an order is sent
  audience_members members_;
  caf::actor_addr owner_;
};

/// Makes an audience without members. `node_of` is for tests.
caf::actor make_audience(caf::actor_system& system,
                         node_of_function node_of = {});

/// Returns what is behind the result of `make_audience`.
audience_actor& as_audience(const caf::actor& who);

/// Answers an `audience_open` on the node of the member `self`.
void open_audience(caf::local_actor* self, const audience_open& message);

} // namespace wsrelay
