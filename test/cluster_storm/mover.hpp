// Asks connections to move, as a node of the cluster that has no connections.
#pragma once

#include "test/cluster_storm/client.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::cluster_storm {

/// What a transfer should come to.
enum class outcome : std::uint8_t {
  moves, // the target lives: ok
  fails, // there is no such target, or it does not want: an error
  any,   // its node is killed or starts
};

/// How it is asked for.
enum class manner : std::uint8_t {
  by_name,         // the driver, with NAME@NODE
  by_handle,       // the driver, with a handle it has just got
  by_stale_handle, // the driver, with one it got before
  by_target,       // the connection's target, with NAME@NODE
  by_sibling,      // the connection's target, with a handle of its node
};

struct move_record {
  std::uint64_t serial = 0;
  std::string where;
  manner how = manner::by_name;
  outcome expected = outcome::any;
  steady::time_point asked{};
  steady::time_point answered{};
  std::string answer; // "ok" or the error
  unsigned answers = 0;
};

/// All transfers by id. Thread-safe.
class ledger {
public:
  std::uint64_t open(move_record what);
  void answer(std::uint64_t id, std::string text);
  void complain(std::string text);

  /// Returns how many that the driver asked for are not answered.
  std::size_t unanswered() const;

  std::map<std::uint64_t, move_record> moves() const;
  std::vector<std::string> complaints() const;

private:
  mutable std::mutex lock_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, move_record> moves_;
  std::vector<std::string> complaints_;
};

struct mover_state;
using mover_actor = caf::stateful_actor<mover_state>;

struct mover_state {
  static inline const char* name = "storm.mover";

  explicit mover_state(mover_actor* self) : self{self} {}

  void on_move(std::uint64_t id, const std::string& pid);
  void choose_target(std::uint64_t id, const caf::actor& client);
  void ask(std::uint64_t id, const caf::actor& client, std::string target_pid,
           caf::actor target);
  void find(std::uint64_t id, const std::string& what,
            std::function<void(const caf::actor&)> then);

  mover_actor* self;
  ledger* book = nullptr;
  caf::actor directory;
  std::map<std::string, caf::actor> clients; // by PID
  std::map<std::string, caf::actor> targets; // by name, as last seen
};

/// Takes (id of the ledger, PID of the connection) as a message.
caf::behavior mover(mover_actor* self, ledger* book, caf::actor directory);

/// Longest time that an answer may take, from the join timeout of the nodes and
/// the few transfers that may wait for each other.
inline constexpr milliseconds answer_limit{8'000};

} // namespace wsrelay::cluster_storm
