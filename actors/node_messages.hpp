// What a node's own parts and other nodes say to each other: fields, sender,
// receiver, answer. What operators ask is in operator_messages.hpp.
#pragma once

#include "actors/messages.hpp"
#include "actors/node_version.hpp"
#include "actors/operator_messages.hpp"

#include <caf/node_id.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

// -- node -> acceptor, acceptor -> connection ---------------------------------

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

/// From the groups of a node to the directory of another one, which passes it
/// on to its own: which groups have members at the sender's node, and which
/// have none any more. Answered when that is taken; with the feature `groups`.
struct group_news {
  std::vector<std::string> here; // both together at most `max_group_batch`
  std::vector<std::string> gone;
};

/// The same way: a message to those of a group who are at the receiver's node.
struct group_relay {
  std::string group;
  std::string except_pid;
  bool closes = false; // else it is `message`
  ws_send message{};
  ws_close close{};
};

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

// -- inside of a node; none of these can leave it -----------------------------

/// From a node to its directory: one of the relay's own actors gets a name that
/// begins with "wsrelay.". Without `who` the name is taken back.
struct directory_own {
  std::string name;
  caf::actor who;
};

/// From a connection to its directory, and from there to the node's groups:
/// what it is in from now on. Answered when its node knows, and what follows
/// for others is on its way to them.
struct group_change {
  caf::actor client;
  std::vector<std::string> join;
  std::vector<std::string> leave; // before
};

/// From the directory to the node's groups: a node that has groups, too.
struct group_peer {
  caf::actor directory;
};

/// From the groups to themselves, from a timer.
struct group_feed_again {
  caf::node_id node;
};

/// From a part of the node to its directory: each gets its name, or waits for
/// it as long as somebody else has it. Answers `directory_puts_answer`.
struct directory_claims {
  std::vector<directory_entry> entries;
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
  std::string name; // of the node
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
