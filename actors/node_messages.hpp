// What a node's own parts, other nodes and operators say to each other: fields,
// sender, receiver, answer.
#pragma once

#include "actors/messages.hpp"
#include "actors/node_version.hpp"

#include <caf/node_id.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

// -- anyone -> connection -----------------------------------------------------

/// How the target of a parked connection begins in `connection_numbers`.
inline constexpr std::string_view parked_prefix = "parked:";

/// Asks a connection for its numbers: answers `connection_stats`.
struct connection_stats_get {};

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
};

/// As `connection_row`, and may get fields later.
struct connection_page_row : connection_row {};

struct connection_page {
  std::vector<connection_page_row> rows; // the oldest first
  std::uint64_t last;                    // id of the last one
  bool more;                             // there are younger ones
};

/// Closes every connection with 1001, also those that are opened from now on.
/// Answered when none is left; those that are left after `timeout` are killed.
struct acceptor_stop {
  milliseconds timeout;
};

/// Closes every connection with 1012, in random order, evenly within `spread`,
/// or in more time at `rate` per second, but within `longest`. Those that are
/// opened from now on close at once.
struct acceptor_drain {
  milliseconds spread;
  double rate;
  milliseconds longest;
};

/// From the acceptor to its connections: the node stops.
struct connection_shutdown {};

/// From the acceptor to a connection: the node drains. The client is told when
/// to come back: "retry=MS".
struct connection_drain {
  milliseconds retry;
};

/// From the parking lot to a parked connection: there are too many, and it is
/// the one that waits longest.
struct connection_unpark {
  std::uint64_t place;
};

/// From a parked connection to `successors`: asks for the actor that has this
/// name, now or as soon as there is one. Answers `caf::actor`.
struct successor_get {
  std::string name;
};

/// From a connection to itself: the socket is done.
struct connection_finished {};

/// From the acceptor to itself, from a timer: the next ones are to close.
struct acceptor_drain_tick {};

/// From the acceptor to itself, from a timer.
struct acceptor_tick {
  bool gives_up; // on stopping; else a handler's time is over
};

// -- between nodes -----------------------------------------------------------

/// From node to node, from and to the directories: who is here. As a request it
/// is answered with the receiver's own. Of two that have one name the newer one
/// is meant by it, and the other one again when that has gone.
/// Who cannot work with the receiver's version gets an error, and the
/// connection ends.
struct peer_hello {
  std::string name;     // of the cluster.node
  caf::actor directory; // of the sender's node; its end is the node's
  node_version version; // appended in protocol 2
};

/// From node to node, with the feature `name-batches`: puts each of these, as
/// `directory_put` would. Answers `directory_puts_answer`.
struct directory_puts {
  std::vector<directory_entry> entries; // at most `max_name_batch`
};

/// By their places in the question: who waits for a name that somebody has, and
/// who was refused. The others have their names.
struct directory_puts_answer {
  std::vector<std::uint32_t> waiting;
  std::vector<std::uint32_t> refused;
};

/// From node to node, with the feature `name-batches`: takes each of these
/// back. Answered when that is done.
struct directory_erases {
  std::vector<directory_entry> entries; // at most `max_name_batch`
};

/// From the directory of a node that stops to those of its peers: forget me.
/// Answered when every connection there that has its target at the sender's
/// node has been told, and has sent its `ws_leave`. A node that does not know
/// this message hears of the end when it comes.
struct peer_goodbye {};

/// From an audience to one of its members: make an audience for that member's
/// node. It ends with `owner`, and is answered to it by `audience_opened`.
struct audience_open {
  caf::actor owner;
};

struct audience_opened {
  caf::actor audience;
};

/// From an audience to one that it has opened: who is in it, by actor id.
struct audience_change {
  std::vector<std::uint64_t> add;
  std::vector<std::uint64_t> remove;
};

/// From node to node, between what carries their messages: this one lost it.
struct node_lost {
  caf::node_id node;
};

/// From a peer actor to itself: connect again.
struct peer_retry {};

/// From a group of peers to one of them: its name does not give its address any
/// more, so it ends when its node is lost; or it does again.
struct peer_retire {
  bool retires;
};

/// From a peer actor to its group: its node was lost, or cannot be reached.
struct peer_lost {};

/// From a peer actor, which ends, to its group: who is there is this node.
struct peer_is_self {
  std::string address;
};

/// From a group of peers to itself: look up the name again, unless there is a
/// newer timer.
struct resolve_again {
  std::uint64_t timer;
};

/// From a group of peers to what connects nodes: asks for the addresses of a
/// host. Answers `std::vector<std::string>`, or an error.
struct name_lookup {
  std::string host;
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

// -- inside of a node; none of these can leave it -----------------------------

/// From a node to its directory: one of the relay's own actors gets a name that
/// begins with "wsrelay.". Without `who` the name is taken back.
struct directory_own {
  std::string name;
  caf::actor who;
};

/// From a node to its directory: the node stops, tell the peers. Answered when
/// they know, or have taken `goodbye_patience`.
struct directory_stop {};

/// From a node to its directory: who watches is told that it drains.
struct directory_drain {
  milliseconds deadline;
};

/// From a node to its directory: the node starts, maybe again.
struct directory_start {
  caf::actor links; // gets `node_known` and `node_refused`; null = nobody
};

/// From the directory to what connects nodes: who that node is.
struct node_known {
  caf::node_id node;
  node_version version;
};

/// From a peer actor to the directory, and from there to what connects nodes:
/// the connection to this node is to end.
struct node_refused {
  caf::node_id node;
};

/// From the directory to what connects nodes: asks for all connections to nodes
/// that have said hello. Answers `std::vector<link_details>`.
struct link_details_get {};

struct link_details {
  caf::node_id node;
  std::string address;    // "HOST:PORT" of the other end
  milliseconds connected; // since it has said hello
  milliseconds heard;     // since it has said anything
  std::uint64_t waiting;  // bytes that wait for it
};

/// From the directory to the acceptors, and from these to their connections: a
/// node stops. What has its target there ends.
struct node_stops {
  caf::node_id node;
  std::shared_ptr<void> told; // goes when everybody has handled it
};

/// From the cluster to the broker of nodes: who is told by `node_relieved`.
struct relief_watch {
  caf::actor watcher;
};

/// From the broker of nodes to the directory, from there to the acceptors, and
/// from these to their connections: much waited for a node, and does no more.
/// Clients whose target is there were not read (`target_nodes`).
struct node_relieved {
  caf::node_id node;
};

/// From the directory to itself: who had to be told of a goodbye knows.
struct goodbye_told {
  std::uint64_t number;
};

/// From anyone to the directory: asks who is connected. Answers
/// `std::vector<peer_entry>`, sorted.
struct peer_list {};

/// A node that is connected.
struct peer_entry {
  std::string name;
  caf::actor directory;
};

/// The same in full: answers `std::vector<peer_info>`, sorted. A node of
/// protocol 1 does not know this question.
struct peer_details {};

/// A node that is connected, in full.
struct peer_info {
  std::string name;
  std::string node; // its id, as text
  node_version version;
  std::string address = {};  // "HOST:PORT" of the other end; "" = unknown
  milliseconds connected{0}; // since it has said hello
  milliseconds heard{0};     // since it has said anything
  std::uint64_t waiting = 0; // bytes that wait for it
};

} // namespace wsrelay

#include "actors/node_messages_inspect.hpp"
