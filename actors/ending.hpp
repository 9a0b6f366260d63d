// How connections end: one total function from every cause to the close code,
// the reason in ws.leave and the exit reason of the connection's actor.
#pragma once

#include "actors/messages.hpp"
#include "protocol/close_code.hpp"

#include <caf/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

/// Everything that can end a connection.
enum class end_cause : std::uint8_t {
  client_closed,     // close frame from the client, with its code and reason
  connection_lost,   // end of the socket without a close frame
  protocol_error,    // RFC 6455 or the message size was broken; `code` says how
  timeout,           // half open: no byte within the timeouts
  slow_consumer,     // the output limit is reached
  too_fast,          // the client sent more than its rate for too long
  closed_by_actor,   // ws.close, with its code and reason
  target_normal,     // the target ended: normally,
  target_shutdown,   //   with user_shutdown,
  target_crashed,    //   with any other error, kill included,
  target_lost,       //   with its node,
  target_overloaded, //   with errc::overloaded
  target_node_stops, // the target's node says that it stops
  join_refused,      // the first target answered ws.join with an error
  join_timeout,      // the first target did not answer ws.join in time
  node_shutdown,     // the node stops
  node_drains,       //   in a while; the text says when to come back
  session_expired,   // its `expires_at` has come; code and text are the route's
  exited,            // exit_msg from a link or from anyone
  killed,            // the connection's own end without warning: kill, bug
};

inline constexpr std::size_t end_cause_count = 20;

/// How an ending is logged: beyond a few of a cause as a debug line.
enum class end_severity : std::uint8_t {
  planned,   // debug
  by_client, // info: what strangers do is nobody's fault
  unplanned, // a warning
};

/// What an ending does. `code` is 1005 or 1006 where no close frame is sent.
struct ending {
  std::uint16_t code;
  std::string text;
  leave_reason leave;
  caf::error exit; // none = normal: links do not fire
  end_severity severity;
};

/// Maps a cause. `code` and `text` are the client's, the actor's or the route's
/// where the cause brings them, else ignored; `exit` is the reason in an exit
/// message (cause `exited`). The text fits into a close frame.
ending make_ending(end_cause cause, std::uint16_t code = 0,
                   std::string_view text = {}, caf::error exit = {});

/// Maps the reason with which a target went down.
end_cause cause_of_target_end(const caf::error& reason) noexcept;

/// Returns the name of a cause, "slow_consumer", or of a leave reason.
std::string_view to_text(end_cause cause) noexcept;
std::string_view to_text(leave_reason reason) noexcept;

/// Close code and reason that an exit reason of a connection carries.
struct close_info {
  leave_reason reason;
  std::uint16_t code;
  std::string text;
};

/// Reads them from the reason in a `down_msg` or `exit_msg`; nothing when the
/// end was normal or not that of a connection.
std::optional<close_info> to_close_info(const caf::error& reason);

} // namespace wsrelay
