// What an exchange hands over when its request becomes a WebSocket, or is
// refused by one.
#pragma once

#include "net/http/exchange.hpp"
#include "net/http/session_terms.hpp"

#include <caf/actor.hpp>

namespace wsrelay {

/// Returns the command that a handler has given with its target's handle,
/// unchecked.
relay_command to_command(const relay_to& relay);

/// Returns the connection that a command orders. `headers` are the handler's,
/// checked; what was agreed on is added to them.
admission make_admission(const exchange_place& place,
                         const endpoint_match& match,
                         const http_request& request,
                         const relay_command& command,
                         const session_terms& terms, http_fields headers,
                         const caf::actor& target);

/// Returns the close that says why: 4000 and the status of `why`, or the
/// route's code for a session that is over, and {"status":403,"check":"origin"}
/// as its reason.
refused_upgrade make_refused_upgrade(const exchange_place& place,
                                     const endpoint_match& match,
                                     const http_request& request,
                                     const problem& why);

} // namespace wsrelay
