// The relay command: the JSON in the X-WS-Relay header that says which target
// a connection gets.
#pragma once

#include "protocol/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// The header that carries the command, and the one that carries its signature.
inline constexpr std::string_view relay_header = "X-WS-Relay";
inline constexpr std::string_view signature_header = "X-WS-Relay-Signature";

/// The header that tells an upstream that a relay command would be followed:
/// "websocket", or it is not there.
inline constexpr std::string_view upgrade_header = "X-WS-Relay-Upgrade";

/// The header that tells an upstream the PID of the connection that there will
/// be then, as it stands in a URL.
inline constexpr std::string_view connection_header = "X-WS-Relay-Connection";

/// The header that tells an upstream which certificate the client has proved in
/// TLS: {"subject":"CN=ann","names":["DNS:a.example"]}, or it is not there.
inline constexpr std::string_view certificate_header =
    "X-WS-Relay-Client-Certificate";

/// A command whose fields are valid, each for itself.
struct relay_command {
  std::string target_pid;    // required
  std::string message_topic; // "" = ws.message
  std::optional<std::chrono::milliseconds> heartbeat_interval; // none = off
  std::string metadata = "{}"; // JSON object, without insignificant spaces
  std::string subprotocol;     // one that the client offered; "" = the route's
  /// Unix time at which the connection closes; none = never. In JSON a number
  /// of seconds, with a fraction if need be, as `exp` of a JWT (RFC 7519).
  std::optional<std::chrono::milliseconds> expires_at;
  /// Of the connections with this key, a user's name say, `limit_max` are open
  /// at a time; at most 256 bytes of UTF-8, "" = not counted.
  std::string limit_key;
  std::uint32_t limit_max = 0;  // 1 to 10000; 0 = not told, which is 1
  bool report_overflow = false; // the target is told of what is dropped
  /// What the target hears with the join: at most 4096 bytes of UTF-8 that
  /// clients never see.
  std::string state;
  std::vector<std::string> groups; // that it is in from the first moment on
};

inline constexpr std::size_t max_limit_key = 256;
inline constexpr std::size_t max_relay_state = 4096;
inline constexpr std::uint32_t max_limit_max = 10'000;

/// The largest `expires_at`: the end of the year 9999.
inline constexpr std::chrono::milliseconds max_expires_at{253'402'300'799'999};

/// Limits of a command. Bytes of the metadata as it is relayed.
struct relay_command_limits {
  std::size_t max_metadata = 16 * 1024;
};

/// Parses the header's value. Unknown fields, duplicate fields, wrong types, a
/// missing target, an invalid topic, target or duration, a target that is the
/// relay's own and metadata over the limit are failures whose text names the
/// field.
result<relay_command> parse_relay_command(std::string_view json,
                                          const relay_command_limits& limits);

/// Checks a command that did not come as text (configuration, a handler's
/// struct). `target_pid` may be empty when `has_target` says that a handle
/// stands in its place. Returns it with the metadata compacted.
result<relay_command> check_relay_command(relay_command command,
                                          const relay_command_limits& limits,
                                          bool has_target = false);

/// Prints the command as `parse_relay_command` reads it; fields at their
/// default are left out.
std::string to_json(const relay_command& command);

} // namespace wsrelay
