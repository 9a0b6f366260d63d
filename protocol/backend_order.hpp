// What a backend says over its WebSocket (actors/BACKEND.md): one message, read
// and checked. What the relay says to it is in backend_text.hpp.
#pragma once

#include "protocol/http_fields.hpp"
#include "protocol/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// The subprotocol of a backend's WebSocket.
inline constexpr std::string_view backend_subprotocol = "wsrelay.backend.1";

/// Names of one `offer` or `withdraw`.
inline constexpr std::size_t max_backend_names = 1000;

/// `type` of a message.
enum class backend_verb : std::uint8_t {
  offer,
  withdraw,
  ok,       // of what the relay has asked
  error,    // the same
  response, // to an `http`
  taken,    // messages of a connection
  send,
  event,
  close,
  control,
  group_send,
  group_event,
  group_close,
  monitor,
  demonitor,
  link,
  unlink,
};

/// Returns the name of a verb: "group_send".
std::string_view to_text(backend_verb what) noexcept;

/// A message; of the members those count that its verb has. Which ones it needs
/// is checked, and that texts are UTF-8; all else is up to who carries it out.
struct backend_order {
  backend_verb what = backend_verb::ok;
  std::string id{}; // JSON, as it came; "" = no answer is wanted
  std::vector<std::string> names{}; // offer, withdraw
  bool acks = false;                // offer: messages count until `taken`
  std::uint64_t ref = 0;            // ok, error, response
  std::string to{};                 // PID or name; of a group_*, its group
  std::string text{};               // reason: error, close
  std::uint64_t seq = 0;            // taken: up to this one
  std::string data{};               // send: bytes; event: JSON; response: body
  bool is_binary = false;           // the data
  std::string topic{};              // event
  bool priority = false;            // send, event
  std::string key{};                // send, event
  std::uint16_t code = 0;           // close; 0 = none was told
  std::string except{};             // group_*
  // control; what is not there stays
  std::string target{};
  std::optional<std::string> message_topic{};
  std::optional<std::chrono::milliseconds> heartbeat_interval{};
  std::optional<std::string> metadata{};
  std::optional<std::chrono::milliseconds> expires_at{};
  std::vector<std::string> join_groups{};
  std::vector<std::string> leave_groups{};
  // response
  std::uint16_t status = 200;
  http_fields headers{};
  std::string relay{}; // a relay command, JSON; "" = none
};

/// Why a message cannot be read; what it was then is in the order as far as
/// that is known: its verb, `id`, `ref` and `to`.
struct backend_fault {
  std::string what;
  bool has_verb = false; // it is known
};

/// Reads a message: a text, which is a JSON object, or a binary one of four
/// bytes, big-endian, that count such an object, the object, and its `data`
/// (of a `response` its body) as bytes. Unknown members, types and verbs are
/// faults that name them.
std::optional<backend_fault>
read_backend_order(std::string_view bytes, bool is_binary, backend_order& out);

} // namespace wsrelay
