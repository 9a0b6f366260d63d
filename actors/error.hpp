// The errors that requests are answered with, and their CAF category.
#pragma once

#include <caf/atom.hpp>
#include <caf/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace caf {
class actor_system_config;
}

namespace wsrelay {

/// Why a message to an actor of wsrelay was refused. The error's context holds
/// one sentence of text.
enum class errc : std::uint8_t {
  invalid_utf8 = 1, // a text message that is not UTF-8
  invalid_topic,    // empty, too long or with control characters
  reserved_topic,   // begins with "ws."
  invalid_json,     // data or metadata is not what it must be
  invalid_close,    // a close code or reason that may not be sent
  invalid_interval, // a heartbeat interval out of range
  invalid_message,  // anything else about the message itself
  message_too_big,  // one message over the output limit, or metadata
  slow_consumer,    // the output limit is reached; the connection closes
  closing,          // the connection is closing or closed
  connection_lost,  // the socket ended before the bytes were written
  busy,             // too many controls wait behind a transfer
  no_such_target,   // no actor of that name or PID lives
  no_such_peer,     // the name's node is not known
  target_down,      // the target ended
  target_refused,   // the target answered ws.join with an error
  target_silent,    // no answer to ws.join in time
  name_taken,       // another actor has the name
  overloaded,       // as exit reason of a target: closes with 1013
  peer_silent,      // the name's node has not answered in time
  incompatible,     // the other node's version cannot work with this one
  invalid_expiry,   // an `expires_at` that is no time
  dropped,          // the client reads too slowly: dropped, or replaced
};

/// Category of `errc` in `caf::error`.
inline constexpr caf::atom_value errc_category = caf::atom("wsrelay");

/// Category of the exit reason of a connection; see ending.hpp.
inline constexpr caf::atom_value ending_category = caf::atom("wsending");

/// Makes an error; `text` is one sentence that may be shown to the sender.
caf::error make_error(errc code, std::string text);
caf::error make_error(errc code);

/// Returns whether `error` is `code`.
bool is(const caf::error& error, errc code) noexcept;

/// Returns the name of a code: "slow_consumer".
std::string_view to_text(errc code) noexcept;

/// Prints any error: the name, and its text if it has one.
std::string to_text(const caf::error& error);

/// Teaches a system to print wsrelay's errors. Part of `add_message_types`.
void add_error_category(caf::actor_system_config& config);

} // namespace wsrelay
