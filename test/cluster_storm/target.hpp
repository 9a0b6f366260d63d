// The targets of the cluster storm: they write down what they see, answer each
// message with a numbered one and ask for transfers when their client says so.
#pragma once

#include "actors/messages.hpp"
#include "test/cluster_storm/journal.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>

#include <map>
#include <string>
#include <vector>

namespace wsrelay::cluster_storm {

/// What the targets of a process share; outlives them.
struct stage {
  journal& events;
  std::string label;                         // of the process: "app2.3"
  std::map<std::string, caf::actor> targets; // complete before the first join
};

/// How a target answers a join.
enum class habit : std::uint8_t { accepts, refuses, ignores };

struct target_state;
using target_actor = caf::stateful_actor<target_state>;

struct target_state {
  static inline const char* name = "storm.target";

  // A connection that is here, or was.
  struct visit {
    std::uint64_t epoch = 0;
    std::uint64_t sent = 0;
    std::string serial;
  };

  explicit target_state(target_actor* self) : self{self} {}

  caf::result<void> on_join(const ws_join& message);
  void on_message(const ws_message& message);
  void on_leave(const ws_leave& message);
  void send_number(visit& to, const caf::actor& client,
                   const shared_buffer& client_pid);
  void move(const visit& who, const caf::actor& client, std::uint64_t id,
            const std::string& how, const std::string& where);

  target_actor* self;
  stage* on = nullptr;
  std::string own_name;
  habit how = habit::accepts;
  std::uint64_t epochs = 0;
  std::map<std::string, visit, std::less<>> visits; // by PID
  std::map<std::string, caf::response_promise, std::less<>> unanswered;
};

/// `self_name` is the name it is registered under.
caf::behavior target(target_actor* self, stage* on, std::string self_name,
                     habit how);

} // namespace wsrelay::cluster_storm
