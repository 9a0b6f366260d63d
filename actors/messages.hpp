// What applications and connections say to each other: fields, sender,
// receiver, answer. An application that only sends and receives needs no other
// header. What operators ask, and what nodes say to each other, is in
// node_messages.hpp.
#pragma once

#include "actors/codec.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/shared_buffer.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/optional.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay {

using milliseconds = std::chrono::milliseconds;

/// Type of a WebSocket message; the values are the opcodes of RFC 6455.
enum class message_type : std::uint8_t { text = 1, binary = 2 };

/// Returns whether it is one of them; another release may have more.
constexpr bool is_known(message_type type) noexcept {
  return type == message_type::text || type == message_type::binary;
}

/// Why a target lost a connection. What closes with which code, and how the
/// connection's actor then ends, stands in ending.hpp.
enum class leave_reason : std::uint8_t {
  client_closed,   // the client sent a close frame
  connection_lost, // the socket ended without one
  protocol_error,  // the client broke RFC 6455 or a limit
  timeout,         // no byte from the client, also not after a ping
  slow_consumer,   // the client did not read what was sent to it
  closed,          // an actor asked with ws.close
  transferred,     // another target owns the connection now
  rolled_back,     // this target took too long to join
  target_down,     // the target itself ended
  shutdown,        // the node stops, or the target's
  exited,          // the connection's actor was ended: a link, a kill
  expired,         // the session's time is over
};

/// Returns whether it is one of them; another release may have more.
constexpr bool is_known(leave_reason reason) noexcept {
  return reason <= leave_reason::expired;
}

// -- connection -> target -----------------------------------------------------

/// `ws.join`: the connection wants to be owned by this target. Always a request
/// and the first message of a connection. Any answer but an error accepts; an
/// error refuses, and the target hears no more of it, unless the connection
/// ends or gives up before the error arrives: then it gets a `ws.leave`.
struct ws_join {
  caf::actor client; // the connection: send to it, monitor it, link to it
  shared_buffer client_pid;    // its text form, "12@NODE"
  shared_buffer metadata;      // JSON object
  shared_buffer subprotocol{}; // which the client speaks; empty = none
  shared_buffer traceparent{}; // W3C Trace Context: of its request
  shared_buffer state{};       // of the relay command; empty = none
};

/// `ws.message`: one message of the client. The answer is ignored, but asked
/// for from time to time: a target that keeps requests open slows the client.
struct ws_message {
  caf::actor client;
  shared_buffer client_pid;
  shared_buffer topic; // "ws.message" or the command's `message_topic`
  std::uint64_t seq;   // 1, 2, 3, ... per connection, across transfers
  message_type type;
  shared_buffer data;
  shared_buffer metadata;
  bool redelivered = false; // it was sent to a target that ended, and that has
                            // not answered it (`wsrelay.park.redeliver`)
};

/// `ws.heartbeat`: sent every `heartbeat_interval`, if one is set.
struct ws_heartbeat {
  caf::actor client;
  shared_buffer client_pid;
  milliseconds uptime;         // since the upgrade
  std::uint64_t message_count; // messages of the client so far
  shared_buffer metadata;
};

/// `ws.leave`: the last message of a connection to this target, exactly one
/// for each join that was not refused. A request with `transferred`, where the
/// connection waits for a successor of a node that stops (`shutdown`, code 0),
/// and where the client ended: its answer, which is ignored, says that
/// everything before it is handled. What is sent until then still reaches the
/// client.
struct ws_leave {
  caf::actor client; // null where it is gone already, as with its node
  shared_buffer client_pid;
  leave_reason reason;
  std::uint16_t code;     // close code; 0 where the connection goes on
  std::string text;       // close reason
  std::uint64_t last_seq; // the last message that was the target's, 0 = none
  shared_buffer metadata;
};

/// `ws.overflow`: the client reads too slowly, and messages to it were dropped,
/// so many since `ws.drained`: at the first one, and each time when they have
/// doubled. Only where the command has `report_overflow`.
struct ws_overflow {
  caf::actor client;
  shared_buffer client_pid;
  std::uint64_t dropped;
  std::uint64_t queued; // messages that wait
};

/// `ws.drained`: after a `ws.overflow` nothing waits any more that could be
/// dropped.
struct ws_drained {
  caf::actor client;
  shared_buffer client_pid;
  std::uint64_t dropped; // in all since it began
};

// -- anyone -> connection -----------------------------------------------------

/// `ws.send`: one WebSocket message to the client. As a request it is answered
/// when the kernel has taken the bytes, or with the error that dropped it.
struct ws_send {
  message_type type = message_type::text;
  shared_buffer data;
  bool priority = false;  // goes before those without that wait
  shared_buffer key = {}; // of `wsrelay.overflow: latest`; empty = none

  /// Returns a message of this type, of whatever a buffer is made of:
  /// `ws_send::text("hi")`. A text has to be UTF-8, or it is refused.
  static ws_send text(shared_buffer data) {
    return {message_type::text, std::move(data)};
  }
  static ws_send binary(shared_buffer data) {
    return {message_type::binary, std::move(data)};
  }
};

/// `ws.close`: close frame, then the actor ends. Answered when the close frame
/// is on its way; a code or reason that RFC 6455 forbids is an error.
struct ws_close {
  std::uint16_t code = 1000;
  std::string reason; // at most 123 bytes of UTF-8
};

/// `ws.control`: changes what is set, all of it or nothing. Answered when the
/// change has happened: a target that it names has joined, and owns the
/// connection from then on. `errc::closing` says that the connection has ended,
/// another error that nothing has changed. Waits for one that came before it,
/// and for the first join.
struct ws_control {
  caf::actor target;      // moves the connection to this actor,
  std::string target_pid; // or to the one of this PID or name
  caf::optional<std::string> message_topic;
  caf::optional<milliseconds> heartbeat_interval; // 0 = off
  caf::optional<shared_buffer> metadata;          // JSON object
  caf::optional<milliseconds> expires_at;         // Unix time, 0 = never
  std::vector<std::string> join_groups{};
  std::vector<std::string> leave_groups{}; // before it joins
  /// The target has taken the place of the one before: where the route parks,
  /// whoever has *that* one's name next is its successor.
  bool is_successor = false;
};

/// Any other topic: reaches the client as {"topic":...,"data":...}. Answered
/// like `ws.send`; topics that begin with "ws." are errors. `make_event` makes
/// one of a RapidJSON value (json_event.hpp).
struct ws_event {
  std::string topic;
  shared_buffer data; // JSON text
  bool priority = false;
  shared_buffer key = {}; // empty = the topic
};

// -- anyone -> directory: to a group ------------------------------------------

/// A message to every connection that is in a group, on whichever node: to each
/// node that has members goes one. Groups are names that connections are given
/// by a command, an answer or a `ws_control`; one that nobody is in has no
/// members, and that is no error. As a request it is answered when it is on its
/// way; errors: `invalid_message` for a name that none can have, and those of
/// the message.
struct group_send {
  std::string group;
  ws_send message;
  std::string except_pid{}; // this connection does not get it; "" = all do
};

struct group_event {
  std::string group;
  ws_event message;
  std::string except_pid{};
};

struct group_close {
  std::string group;
  ws_close message;
  std::string except_pid{};
};

/// Asks how many are in a group: answers `group_count`.
struct group_count_get {
  std::string group;
  bool only_here = false; // on this node
};

struct group_count {
  std::uint64_t members;
  std::uint32_t nodes;     // that have some
  bool is_complete = true; // else a node did not answer in time
};

// -- relay -> target that nobody comes to ------------------------------------

/// `ws.refused`: a handler gave this target's handle in a `relay_to`, and no
/// connection comes of it. Without a sender, once for each such `relay_to`,
/// never together with a `ws.join` for the same: a target that was spawned for
/// the request ends on it, one that many share ignores it.
struct ws_refused {
  shared_buffer metadata; // the command's; {} for none, or more than 64 KiB
  /// Which check failed, one word: "upgrade", "command", "status", "target",
  /// "handler"; "client" when there is none, "timeout" when the answer came too
  /// late, "shutdown" when the node stops, "error".
  std::string reason;
};

// -- relay -> handler actor ---------------------------------------------------

/// The certificate that a client has shown and proved in TLS.
struct client_certificate {
  std::string subject;            // RFC 2253: "CN=ann,O=Example"
  std::vector<std::string> names; // alternative ones: "DNS:a.example",
                                  // "email:..", "URI:..", "IP:192.0.2.1"

  bool empty() const noexcept { return subject.empty() && names.empty(); }
  bool operator==(const client_certificate&) const = default;
};

/// A request of an endpoint with `func: NAME`, to the actor of that name.
struct http_request {
  std::string method;
  std::string target; // as it came: path and query
  std::string path;
  std::string query; // without "?"
  http_fields headers;
  http_fields params; // of the endpoint's path, decoded
  shared_buffer body;
  std::string remote_address; // the client's, without port
  std::string scheme;         // "http" or "https": what the client speaks
  std::string host;           // the authority it asked for, "HOST[:PORT]"
  bool websocket = false;     // it asks for one, and nothing stands against it
  client_certificate certificate{}; // empty = none
  /// The PID of the connection that there will be if the answer is a WebSocket:
  /// what is said to it meanwhile comes behind the 101. "" = not known.
  std::string client_pid{};
};

/// A relay command that holds the target's handle.
struct relay_to {
  caf::actor target;
  std::string message_topic;                      // "" = ws.message
  caf::optional<milliseconds> heartbeat_interval; // none = off
  shared_buffer metadata;                         // JSON object, empty = {}
  std::string subprotocol{}; // one that the client offers, "" = the route's
  caf::optional<milliseconds> expires_at{}; // Unix time; none = never
  std::string limit_key{};      // as the command's; "" = not counted
  std::uint32_t limit_max = 0;  // 1 to 10000; 0 = 1
  bool report_overflow = false; // the target gets ws_overflow, ws_drained
  /// As the command's `target_pid`, though `target` is the target: who has this
  /// name next is its successor where the route parks; "" = nobody.
  std::string target_name{};
  std::string state{}; // as the command's: for the target's join; "" = none
  std::vector<std::string> groups{}; // that it is in from the first moment on
};

/// The handler's answer. With `relay`, or with a header X-WS-Relay, the request
/// is upgraded; `relay` wins. Without either it goes to the client as it is.
struct http_response {
  std::uint16_t status = 200;
  http_fields headers;
  shared_buffer body;
  caf::optional<relay_to> relay;
};

// -- anyone -> directory ------------------------------------------------------

/// Registers `who` under a name until it ends. Errors: the name is taken, or
/// one of the relay's own. From another node: it waits for a taken one.
struct directory_put {
  std::string name;
  caf::actor who;
};

/// As `directory_put`, here and in the directory of every node that is
/// connected now or later: its endpoints need no "@" then. Where an actor of
/// another node has the name, or, elsewhere, any other actor, this one waits
/// until that has gone; the log says so, and it is no error.
struct directory_offer {
  std::string name;
  caf::actor who;
};

struct directory_entry {
  std::string name;
  caf::actor who;
};

/// As `directory_offer` for each of these, all of them or, with an error that
/// says which one stands against it, none.
struct directory_offers {
  std::vector<directory_entry> entries;
};

/// Removes a name, also where it was offered. With `who` only if it is that
/// actor's. No error when it is not there.
struct directory_erase {
  std::string name;
  caf::actor who; // null = whoever has it
};

/// Asks for the actor of a name or of the text of a PID: answers `caf::actor`,
/// or an error when there is none that lives.
struct directory_get {
  std::string target;
};

/// Asks for every name: answers `std::vector<directory_entry>`, sorted. Where
/// there may be many, or it is another node's, ask for pages.
struct directory_list {};

/// Asks for the names that begin with `prefix` and come behind `after`, as many
/// as a page holds: answers `directory_page`.
struct directory_page_get {
  std::string prefix; // "" = all
  std::string after;  // "" = from the first one on
};

/// Asks how many names there are: answers `std::uint64_t`.
struct directory_count_get {};

/// A name, and who has it. Without a handle: every handle that leaves for
/// another node costs memory on both.
struct directory_row {
  std::string name;
  std::string pid;
};

struct directory_page {
  std::vector<directory_row> rows; // sorted by name
  bool more;                       // there are names behind the last one
};

/// Asks to be told by `node_draining`, until `who` ends. Only of actors of the
/// directory's own node.
struct drain_watch {
  caf::actor who;
};

// -- directory -> who asked for it --------------------------------------------

/// The node is about to drain: from now on it is not ready, in a while its
/// connections close, and `deadline` from now it stops. Without a sender.
struct node_draining {
  milliseconds deadline;
};

/// Adds every message, also those of node_messages.hpp, to a configuration
/// under its stable name. Call it before the actor system is made.
void add_message_types(caf::actor_system_config& config);

} // namespace wsrelay

#include "actors/messages_inspect.hpp"
