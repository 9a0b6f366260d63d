// The actor behind a name that a backend offers. It has no mailbox: what it
// gets goes on to the backend's session within `enqueue`, with its sender and
// the number of the name. Whoever asked is answered by the session.
#pragma once

#include "actors/inspect.hpp"

#include <caf/actor.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>

#include <cstdint>

namespace wsrelay {

/// From the actor of a name to its session. Leaves no node.
struct backend_call {
  std::uint32_t name;
  caf::message content;
};

WSRELAY_INSPECT(backend_call, x.name, x.content)

/// From a session to itself: it is time to send what was put together.
enum class backend_batch : std::uint8_t { is_due };

/// Makes the actor of a session's name. It lives until it is ended.
caf::actor make_backend_name(const caf::actor& session, std::uint32_t number);

/// Ends it: who monitors it is told why. Any thread, more than once.
void end_backend_name(const caf::actor& who, caf::error reason);

} // namespace wsrelay
