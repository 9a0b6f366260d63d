// Audiences: one message to many connections, wherever they are. For targets.
#pragma once

#include "actors/messages.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>

#include <cstddef>
#include <vector>

namespace wsrelay {

/// Connections that hear the same. Belongs to an actor, best as a part of its
/// state, and ends with it:
///
///     struct hub_state {
///       explicit hub_state(caf::local_actor* self) : clients{self} {}
///       wsrelay::audience clients;
///     };
///
/// A member that ends drops out by itself, also when its node is lost. The
/// payload is shared by all members of this node, and goes to each other node
/// once, however many members are there. The order holds in which one actor
/// sends to the audience and to a single member.
///
/// The second member of another node makes it ask one of them for an audience
/// on their node; until that has answered, they are sent to one by one. Any
/// actor may be a member, but only connections answer that.
class audience {
public:
  /// `self` is the sender of what is sent here and outlives this.
  explicit audience(caf::local_actor* self);
  ~audience();

  audience(audience&& other) noexcept = default;
  audience& operator=(audience&&) = delete;

  /// Puts a connection in. Nothing happens when it is in it, or has ended.
  void add(const caf::actor& client);

  /// Takes a connection out, which need not be in it.
  void remove(const caf::actor& client);

  /// Sends to all members. What no connection would take (text that is not
  /// UTF-8, a reserved topic, bad JSON) is dropped once, here. An event's
  /// envelope is made once.
  void send(ws_send message);
  void send(ws_event message);
  void send(ws_close message);

  std::size_t size() const;
  bool empty() const { return size() == 0; }

  /// Returns the audience as an actor: whoever sends it a ws_send, ws_event or
  /// ws_close sends to all members. Requests are answered with an error.
  const caf::actor& actor() const noexcept { return actor_; }

private:
  void send_message(const caf::message& content);

  caf::local_actor* self_;
  caf::actor actor_;
};

/// Sends to each of a list that is used once: one message each, the payload is
/// checked, wrapped and, on this node, shared once. Use an audience for those
/// who hear more than one.
void broadcast(caf::local_actor* self, const std::vector<caf::actor>& clients,
               ws_send message);
void broadcast(caf::local_actor* self, const std::vector<caf::actor>& clients,
               ws_event message);
void broadcast(caf::local_actor* self, const std::vector<caf::actor>& clients,
               ws_close message);

} // namespace wsrelay
