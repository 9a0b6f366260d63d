// What a connection tells a server: an event, and the request that carries it.
#pragma once

#include "actors/messages.hpp"

#include <caf/response_promise.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// The values of `ce-type`.
enum class hook_kind : std::uint8_t {
  connected,
  message,
  heartbeat,
  disconnected,
};

/// Returns "org.wsrelay.connected" and so on.
std::string_view to_text(hook_kind kind) noexcept;

/// One event that waits, or is on its way. Who asked is answered once it has
/// been handled.
struct hook_event {
  hook_kind kind = hook_kind::message;
  std::string id;        // PID/17, or PID/connected/3: the same in every try
  std::uint64_t seq = 0; // of a message; else of the last one, 0 = none
  message_type type = message_type::text;
  shared_buffer data{};     // the frame's bytes, or JSON
  shared_buffer topic{};    // of a message
  bool redelivered = false; // of a message
  milliseconds time{0};     // when it happened, Unix time
  std::optional<caf::response_promise> promise{};
};

/// The connection that it is about.
struct hook_subject {
  std::string_view pid;
  std::string_view subprotocol;
  std::string_view state; // what the server has set last
  std::string_view traceparent;
};

/// Where requests go, and what signs them.
struct hook_destination {
  std::string_view request_target;      // path and query
  std::string_view source;              // ce-source: this target
  const std::vector<std::string>& keys; // of webhook signatures
};

/// Returns the event of a join: its body is the metadata.
hook_event make_connected(const ws_join& message, std::uint64_t number);

hook_event make_message(const ws_message& message);

/// Returns {"uptime_ms":1000,"message_count":3}.
hook_event make_heartbeat(const ws_heartbeat& message, std::uint64_t number);

/// Returns {"reason":"client_closed","code":1000,"text":"","last_seq":17}.
hook_event make_disconnected(const ws_leave& message, std::uint64_t number);

/// Returns the request of one event, or of several messages in a row: a body of
/// `application/websocket-events`, with the id and number of the last one.
/// `now` is the Unix time of the signature. PIDs are as URLs have them
/// (`url_pid`).
/// @pre `events` is not empty
http_request to_request(const hook_destination& where, const hook_subject& who,
                        std::span<const hook_event> events, milliseconds now);

} // namespace wsrelay
