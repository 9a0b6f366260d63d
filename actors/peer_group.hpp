// The nodes behind one name of a configuration: each of its addresses is a
// peer. The name is looked up again and again; new addresses are connected, and
// those that it gives no more are tried no more once they are lost.
#pragma once

#include "actors/node_messages.hpp"
#include "actors/peer.hpp"

#include <caf/actor_clock.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <cstddef>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace wsrelay {

/// Most addresses of a name that are used.
inline constexpr std::size_t max_addresses = 256;

/// How soon after a look-up the next one may come, whoever is lost meanwhile.
inline constexpr milliseconds min_resolve_interval{1'000};

/// How long a look-up may take.
inline constexpr milliseconds resolve_patience{5'000};

/// What a group starts with.
struct peer_group_config {
  peer_config each;      // of every node; `host` is the name
  milliseconds interval; // between look-ups, about
};

struct peer_group_state;
using peer_group_actor = caf::stateful_actor<peer_group_state>;

/// The state of a group. A name that gives nothing, or no answer, changes
/// nothing: who is connected stays so.
struct peer_group_state {
  static inline const char* name = "wsrelay.peer_group";

  struct one_peer {
    caf::actor who;
    bool retires = false;
  };

  explicit peer_group_state(peer_group_actor* self) : self{self} {}

  caf::behavior start(peer_group_config config);
  void look_up();
  void look_up_later(milliseconds delay);
  void look_up_soon();
  void on_found(std::vector<std::string> addresses);
  void on_missing(const caf::error& why);
  void use(const std::string& address);
  void retire(const std::set<std::string>& found);
  void set_retiring(one_peer& peer, bool retires) const;
  void on_self(const std::string& address);
  void on_down(const caf::actor_addr& who);
  void end(const caf::error& reason);
  milliseconds next_interval();

  peer_group_actor* self;
  peer_group_config config;
  std::map<std::string, one_peer> peers; // by address
  std::set<std::string> own;             // addresses that are this node's
  caf::actor_clock::time_point last_look_up{};
  std::uint64_t timer = 0; // the one that counts
  bool looking = false;
  bool missing = false; // and it was said
  std::minstd_rand random;
};

/// The actor. `config.each.connector` answers `name_lookup`, too.
caf::behavior peer_group(peer_group_actor* self, peer_group_config config);

} // namespace wsrelay
