// What operators, and whoever watches a node, ask of it: fields, receiver,
// answer.
#pragma once

#include "actors/messages.hpp"

#include <caf/actor.hpp>
#include <caf/optional.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

// -- anyone -> connection -----------------------------------------------------

/// How the target of a parked connection begins in `connection_numbers`.
inline constexpr std::string_view parked_prefix = "parked:";

/// Asks a connection for its numbers: answers `connection_stats`.
struct connection_stats_get {
  bool with_metadata = false;
};

/// A connection in numbers. Payload bytes, without the frames' headers.
struct connection_numbers {
  std::string target_pid; // "" while no target has joined; "parked:NAME" while
                          // whoever has that name next is awaited
  milliseconds age;       // since the upgrade
  std::uint64_t messages_in;
  std::uint64_t bytes_in;
  std::uint64_t messages_out; // queued ones included
  std::uint64_t bytes_out;
  std::uint64_t queued_messages; // not yet taken by the kernel
  std::uint64_t queued_bytes;    // of these, with their headers
};

struct connection_stats {
  caf::actor client;
  shared_buffer client_pid;
  connection_numbers numbers;
  shared_buffer metadata{}; // if asked for
};

/// Asks a connection for all there is to tell: answers `connection_report`.
struct connection_report_get {};

/// An event in the life of a connection: flight_record.hpp has them all.
struct flight_row {
  milliseconds at;     // since the upgrade
  milliseconds last;   // the same, of the last of several
  std::uint32_t count; // of these, 1 = it happened once
  std::string what;    // "joined"
  std::string detail;  // "12@NODE"; "" = nothing more to say
};

/// A connection in full, or what is left of one that has ended. Times are Unix
/// times, 0 where there is none.
struct connection_report {
  shared_buffer client_pid;
  std::string remote_address;
  std::string endpoint;
  std::string phase; // "relaying", see relay_counts.hpp; "ended"
  connection_numbers numbers;
  milliseconds opened_at{0};
  std::string trace; // of its request, 32 hexadecimal digits
  bool compressed = false;
  std::vector<flight_row> events;    // the oldest first
  std::uint64_t events_left_out = 0; // that came before
  // of one that lives
  shared_buffer metadata;
  shared_buffer message_topic;
  shared_buffer subprotocol;
  milliseconds heartbeat_interval{0}; // 0 = off
  milliseconds expires_at{0};         // 0 = never
  std::vector<std::string> groups{};  // sorted
  // of one that has ended
  std::string cause; // "slow_consumer", see ending.hpp
  std::uint16_t code = 0;
  std::string text;
  milliseconds ended_at{0};
};

/// `ws.watch`: from now on the watcher gets a `ws.traffic` for every event of
/// the connection. Watching again changes `payload`; an error as the answer to
/// a `ws.traffic`, or the watcher's end, ends it. Error: `busy`, the connection
/// has `max_watchers`.
struct ws_watch {
  caf::actor watcher;
  bool payload = false; // whether events hold the messages' data
};

/// What a `ws.traffic` tells of.
enum class traffic_kind : std::uint8_t {
  in,          // a message of the client, on its way to the target
  out,         // a message that was queued for the client
  transferred, // another target owns the connection now
  ended,       // the connection closes; the last event
};

/// Returns whether it is one of them; another release may have more.
constexpr bool is_known(traffic_kind kind) noexcept {
  return kind <= traffic_kind::ended;
}

/// `ws.traffic`: connection -> watcher, as a request (but for `ended`). What
/// the watcher's credit does not allow is dropped and counted.
struct ws_traffic {
  shared_buffer client_pid;
  traffic_kind kind;
  std::uint64_t number; // in: seq; out: counts from 1; ended: close code
  message_type type;    // in, out
  std::uint64_t size;   // in, out: bytes
  shared_buffer data;   // in, out: if asked for; transferred: the target's
                        // PID; ended: close reason
  leave_reason reason;  // ended
  std::uint64_t missed; // events dropped since the one before
};

// -- anyone -> acceptor -------------------------------------------------------

/// A connection's place and name, as the acceptor knows it.
struct connection_info {
  caf::actor client;
  shared_buffer client_pid; // set when it is listed
  std::string remote_address;
  std::string endpoint; // name of the http.endpoint
};

/// Asks how many are open: answers `std::uint64_t`.
struct acceptor_count_get {};

/// Asks for those of the last connections that have ended: the one with this
/// actor id, or all that it remembers, the newest first. Answers
/// `std::vector<connection_report>`.
struct acceptor_ended_get {
  std::uint64_t id = 0; // 0 = all
};

/// Asks who is connected: answers `std::vector<connection_info>`. Only actors
/// of the acceptor's node may ask.
struct acceptor_list {};

/// Asks for the numbers of all: answers `std::vector<connection_row>`, the
/// oldest first. Connections that do not answer within `stats_patience` have no
/// numbers.
struct acceptor_stats {};

/// A connection in a table. Without its handle: every handle that leaves for
/// another node costs the connection memory until it ends.
struct connection_row {
  shared_buffer client_pid;
  std::string remote_address;
  std::string endpoint;
  caf::optional<connection_numbers> numbers;
};

/// Asks for the numbers of the oldest connections whose actors have ids above
/// `after`, as many as a page holds: answers `connection_page`.
struct acceptor_page_get {
  std::uint64_t after; // 0 = from the oldest one on
  bool with_metadata = false;
};

/// As `connection_row`, and may get fields later.
struct connection_page_row : connection_row {
  shared_buffer metadata{}; // if asked for
};

struct connection_page {
  std::vector<connection_page_row> rows; // the oldest first
  std::uint64_t last;                    // id of the last one
  bool more;                             // there are younger ones
};

// -- operator -> node ---------------------------------------------------------

/// To the directory: new clients, and whoever asks for a name, get the actors
/// of this node only where no other node has the name; or, with false, as
/// before. Until the node is lost. Error: `no_such_peer`.
struct peer_step_back {
  std::string name; // of the cluster.node
  bool steps_back = true;
};

/// To "wsrelay.drain", which programs have that can be told so: drains the
/// node, and ends it. Answered at once.
struct node_drain {};

/// To "wsrelay.node": reads the configuration again. Answers
/// `node_reload_report`, or an error that says what is wrong with it: then
/// nothing has changed.
struct node_reload {};

struct node_reload_report {
  std::vector<std::string> changed; // "http.endpoint chat: added"
  std::vector<std::string> kept;    // "gateway.addr: needs a restart"
};

/// To "wsrelay.node": sets what is logged of a part, or of all; or only asks.
/// Answers `std::vector<log_level_row>`. Error: no such level or part.
struct node_log {
  std::string level; // "debug", "info", "warning", "error", "off"; "" = ask
  std::string part;  // "http"; "" = all
};

struct log_level_row {
  std::string part;
  std::string level;
};

} // namespace wsrelay
