// What may go to a client as a WebSocket message, and in which form: the same
// for a connection and for an audience.
#pragma once

#include "actors/messages.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/message.hpp>

namespace wsrelay {

/// Returns what a connection gets for a ws_send, ws_event or ws_close: an event
/// becomes a ws_send. Errors: those of a connection, `invalid_message` for any
/// other content.
caf::expected<caf::message> to_outgoing(const caf::message& content);

/// Returns the text message of an event; with `needs_key` its topic is the key
/// of one that has none. Errors: `reserved_topic`,
/// `invalid_topic`, `invalid_json`.
caf::expected<ws_send> to_send(const ws_event& event, bool needs_key);

/// Checks type and text: `invalid_utf8`, `invalid_message`.
caf::error check(const ws_send& message);

} // namespace wsrelay
