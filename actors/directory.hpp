// The directory: names to actors. Names are any UTF-8 text, not CAF's atoms;
// an actor that ends loses its names. It also turns PID texts into handles, and
// asks the directories of other nodes for what is theirs. What is offered is
// put into these as well. Who has which name decides name_table.hpp, who is
// connected peer_table.hpp.
#pragma once

#include "actors/name_table.hpp"
#include "actors/node_messages.hpp"
#include "actors/peer_table.hpp"
#include "protocol/pid.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <string>
#include <string_view>

namespace wsrelay {

struct directory_state;
using directory_actor = caf::stateful_actor<directory_state>;

/// What the directory knows, and what follows from a message. Bounded by what a
/// program registers; clients cannot add names.
struct directory_state {
  static inline const char* name = "wsrelay.directory";

  explicit directory_state(directory_actor* self) : self{self} {}

  // names
  caf::result<void> put(const std::string& name, const caf::actor& who);
  caf::result<void> offer(const std::string& name, const caf::actor& who);
  void offer_to(const peer_hello& peer, const std::string& name,
                const caf::actor& who);
  void erase(const directory_erase& message);
  void on_down(const caf::actor_addr& who);

  // look-ups
  caf::result<caf::message> get(const std::string& target);
  caf::result<caf::actor> find_name(const std::string& name) const;
  caf::result<caf::actor> find_pid(caf::actor_id id) const;
  caf::result<caf::message> find_here(const target_name& target) const;
  caf::result<caf::message> ask(const caf::actor& peer,
                                const std::string& target);

  // peers
  caf::result<peer_hello> hello(const peer_hello& message);
  void replace(const caf::actor& known);

  directory_actor* self;
  std::string node_name; // in the cluster, "" = in none
  name_table names;
  name_table offers; // a part of them
  peer_table peers;
  peer_questions questions;
};

/// "wsrelay.acceptor.SERVICE.N" is the acceptor of an http.service's loop N.
inline constexpr std::string_view acceptor_prefix = "wsrelay.acceptor.";

/// How long the directory of another node may take to answer.
inline constexpr milliseconds peer_patience{5'000};

/// The directory actor, one per node. Answers `directory_*` and `peer_*`.
/// `node_name` is that of the cluster.node, "" without one.
caf::behavior directory(directory_actor* self, std::string node_name);

} // namespace wsrelay
