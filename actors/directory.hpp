// The directory: names to actors. Names are any UTF-8 text, not CAF's atoms;
// an actor that ends loses its names. It also turns PID texts into handles, and
// asks the directories of other nodes for what is theirs. What is offered is
// put into these as well. Who has which name decides name_table.hpp, who is
// connected peer_table.hpp.
#pragma once

#include "actors/log_limit.hpp"
#include "actors/name_feed.hpp"
#include "actors/name_table.hpp"
#include "actors/node_messages.hpp"
#include "actors/peer_table.hpp"
#include "protocol/pid.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>
#include <spdlog/common.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

struct directory_state;
using directory_actor = caf::stateful_actor<directory_state>;

/// What the directory knows, and what follows from a message. Bounded by what a
/// program registers and by what `name_limits` allow other nodes; clients
/// cannot add names.
struct directory_state {
  static inline const char* name = "wsrelay.directory";

  explicit directory_state(directory_actor* self) : self{self} {}

  // names (directory.cpp)
  caf::result<void> put(const directory_put& message);
  caf::result<void> put_from_outside(const directory_put& message);
  caf::result<directory_puts_answer> put_many(const directory_puts& message);
  caf::result<directory_puts_answer> claim(const directory_claims& message);
  caf::result<void> erase_many(const directory_erases& message);
  caf::result<void> offer(const std::vector<directory_entry>& entries);
  caf::error check_offer(const directory_entry& what) const;
  void erase(const directory_erase& message);
  void name_own(const directory_own& message);
  place add(const std::string& name, const caf::actor& who,
            const caf::node_id& by = {});
  void remove(const std::string& name, const caf::actor& who);
  void erase_from_outside(const directory_erase& message);
  bool may_put(const caf::actor& who) const;
  bool is_from_outside() const;
  void on_down(const caf::actor_addr& who, const caf::error& reason);

  // what peers are told of offers (directory_offers.cpp)
  void offer_to(const peer_hello& peer,
                const std::vector<directory_entry>& entries);
  void offer_one_to(const peer_hello& peer, const directory_entry& what);
  void take_back(const directory_entry& what);
  void feed(const caf::actor& peer, const std::string& peer_name);
  void put_there(const caf::actor& peer, const std::string& peer_name,
                 std::vector<directory_entry> entries);
  void take_back_there(const caf::actor& peer, const std::string& peer_name,
                       std::vector<directory_entry> entries);
  void on_put(const std::string& peer_name,
              const std::vector<directory_entry>& entries,
              const directory_puts_answer& answer);
  void on_fed(const caf::actor& peer, const std::string& peer_name);
  void on_not_fed(const caf::actor& peer, const std::string& peer_name,
                  const caf::error& why);
  void log_offer(spdlog::level::level_enum level, std::string_view what,
                 const std::string& peer, const std::string& name,
                 const std::string& rest = {});

  // look-ups (directory.cpp)
  caf::result<caf::message> get(const std::string& target);
  caf::result<caf::actor> find_name(const std::string& name) const;
  caf::result<caf::actor> find_pid(caf::actor_id id) const;
  caf::result<caf::message> find_here(const target_name& target) const;
  caf::result<caf::message> ask(const caf::actor& peer,
                                const std::string& target);

  // peers (directory_peers.cpp)
  caf::result<peer_hello> hello(const peer_hello& message);
  std::optional<caf::error> refuse(const peer_hello& message);
  bool speaks_for_itself(const caf::actor& directory) const;
  peer_hello own_hello() const;
  caf::result<std::vector<peer_info>> details();
  void step_back(const std::string& name, const caf::actor& known,
                 const caf::actor& newer);
  std::optional<peer_table::removed> forget(const caf::actor_addr& peer);
  void lose(const caf::actor_addr& peer, std::string_view why);
  caf::result<void> on_goodbye();
  void tell_acceptors(const caf::message& message);
  std::shared_ptr<void>
  answer_when_released(const std::optional<caf::response_promise>& promise);
  void on_told(std::uint64_t number);
  caf::result<void> stop();
  void start(caf::actor who_links);
  caf::result<void> step_back(const peer_step_back& message);
  caf::result<void> watch_drain(const drain_watch& message);
  void tell_drain(milliseconds deadline);

  // groups (directory_groups.cpp)
  caf::actor groups_here();
  void tell_groups(const peer_hello& peer);
  caf::result<caf::message> pass_to_groups(caf::message what);
  caf::result<caf::message> change_groups(const group_change& what);

  directory_actor* self;
  std::string node_name; // in the cluster, "" = in none
  node_version version = this_version();
  caf::actor links;  // what connects nodes, or null
  caf::actor groups; // null until somebody is in one, here or elsewhere
  // Of nodes that come again and again: there may be many.
  log_limit lines{{.max_lines = 5, .max_reasons = 512}};
  name_table names;
  name_table offers; // a part of them: this node's own
  peer_table peers;
  std::map<caf::actor_addr, name_feed> feeds; // of peers that take batches
  peer_questions questions;
  std::map<std::uint64_t, caf::response_promise> goodbyes; // to be answered
  std::uint64_t last_goodbye = 0;
  std::vector<caf::actor> drain_watchers;
  bool stopping = false;
};

/// "wsrelay.acceptor.SERVICE.N" is the acceptor of an http.service's loop N.
inline constexpr std::string_view acceptor_prefix = "wsrelay.acceptor.";

/// Bytes of a page of names, about: others that are sent something by the same
/// node wait for it.
inline constexpr std::size_t max_page_size = 64 * 1024;

/// How long the directory of another node may take to answer.
inline constexpr milliseconds peer_patience{5'000};

/// How long it may take to answer a batch of names.
inline constexpr milliseconds feed_patience{60'000};

/// How long it may take to tell what has its target at a node that stops.
inline constexpr milliseconds goodbye_patience{1'000};

/// The directory actor, one per node. Answers `directory_*` and `peer_*`.
/// `node_name` is that of the cluster.node, "" without one.
caf::behavior directory(directory_actor* self, std::string node_name);

} // namespace wsrelay
