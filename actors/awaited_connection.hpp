// A connection before its handler has decided on it: it has its PID, and what
// is said to it waits.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <cstddef>
#include <string>

namespace wsrelay {

/// Messages to a connection that is not open yet, at most: beyond these, or
/// this many bytes of them, a request fails with `busy` and any other is
/// dropped.
inline constexpr std::size_t max_awaited_messages = 64;
inline constexpr std::size_t max_awaited_bytes = 1024 * 1024;

/// The PID of a connection that there will be, unless this is destroyed before:
/// then whoever monitors it is told `connection_lost`. It takes what a
/// connection is told (ws_send, ws_event, ws_close, ws_control) and exit
/// messages; a request is answered when it is taken, not when it is carried
/// out. Any thread.
class awaited_connection {
public:
  explicit awaited_connection(caf::actor_system& system);
  ~awaited_connection();

  awaited_connection(const awaited_connection&) = delete;
  awaited_connection& operator=(const awaited_connection&) = delete;

  /// Returns the id of the connection's actor.
  caf::actor_id id() const noexcept { return who_.id(); }

  std::string pid() const;

  /// `client`, which has that id, is there: it gets what has waited, and what
  /// still comes this way. Once.
  void become(const caf::actor& client);

private:
  caf::actor who_;
  bool is_there_ = false;
};

/// Returns whether an actor is such a connection. Any thread.
bool is_awaited(const caf::abstract_actor& who) noexcept;

} // namespace wsrelay
