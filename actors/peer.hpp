// A peer: the way to one configured node. Connects, introduces the nodes to
// each other, and begins anew when the node is lost. That a node is lost, dead
// or silent, says CAF's transport by the end of the remote directory.
#pragma once

#include "actors/node_messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <cstdint>
#include <random>
#include <set>
#include <string>

namespace wsrelay {

/// What a peer starts with.
struct peer_config {
  std::string host;
  std::uint16_t port = 0;
  peer_hello own;       // this node's name and directory
  caf::actor connector; // answers `connect_atom`, as CAF's middleman actor does
  milliseconds patience; // longest wait for the other node's hello
  milliseconds reconnect_min;
  milliseconds reconnect_max;
  std::uint32_t seed = 0; // of the jitter
  caf::actor group;       // gets `peer_lost` and `peer_is_self`; null = nobody
};

struct peer_state;
using peer_actor = caf::stateful_actor<peer_state>;

/// The state of a peer: connecting, introducing (`remote` is set), connected
/// (its hello has come), waiting.
struct peer_state {
  static inline const char* name = "wsrelay.peer";

  explicit peer_state(peer_actor* self) : self{self} {}

  caf::behavior start(peer_config config);
  void connect();
  void on_connected(caf::actor directory);
  void on_hello(const peer_hello& message);
  void on_refused(const caf::error& why);
  void on_failed(const caf::error& why);
  void on_down(const caf::down_msg& message);
  void on_self();
  void set_retiring(bool retires);
  void try_again();
  milliseconds next_delay();

  peer_actor* self;
  peer_config config;
  caf::actor remote;
  unsigned failures = 0;      // since the last hello
  std::set<std::string> told; // their reasons that were logged
  bool retiring = false;      // ends when it is not connected
  bool waiting = false;       // to try again
  std::minstd_rand random;
};

/// The peer actor. Tells the own directory of each hello. It ends when who is
/// there turns out to be this node.
caf::behavior peer(peer_actor* self, peer_config config);

/// Tells the own directory whether this one is absent, for operators: as
/// `peer_absence`.
void tell_absence(caf::event_based_actor* self, const peer_config& which,
                  bool is_absent, const std::string& reason = {});

} // namespace wsrelay
