// The actors of the storm: targets that record what they see, somebody who
// watches connections, somebody who stirs, and a handler.
#pragma once

#include "actors/messages.hpp"
#include "test/storm/record.hpp"

#include <caf/all.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace wsrelay::storm {

/// How a target behaves.
enum class habit : std::uint8_t {
  echo,     // answers each message
  chatty,   // answers with much more than it gets
  slow,     // blocks its thread now and then
  late,     // answers ws.join late, sometimes too late
  refusing, // refuses every second join
  silent,   // never answers a join
  holding,  // keeps messages unanswered for a while
  moving,   // transfers its connections away
  detached, // an echo with a thread of its own
};

inline constexpr std::size_t habit_count = 9;

/// The targets of the moment, by place; a place's name is "t0", "t1", ...
class cast {
public:
  explicit cast(std::size_t size) : actors_(size) {}

  std::size_t size() const noexcept { return actors_.size(); }
  caf::actor get(std::size_t place) const;
  void set(std::size_t place, caf::actor who);

  /// Forgets everybody.
  void clear();

  /// Returns an actor that has ended, or null.
  caf::actor ended(std::uint64_t random) const;

  static std::string name(std::size_t place) {
    return "t" + std::to_string(place);
  }

private:
  mutable std::mutex mutex_;
  std::vector<caf::actor> actors_;
  std::array<caf::actor, 16> ended_;
  std::size_t ended_count_ = 0;
};

/// What the actors share; outlives them.
struct stage {
  record& seen;
  cast& targets;
  caf::actor watcher;
  caf::actor stirrer;
  std::atomic<std::uint64_t> asked{0}; // requests of the stirrer
  std::atomic<std::uint64_t> told{0};  // their answers
  bool low_limits = false;
};

// -- messages -----------------------------------------------------------------

/// To the watcher and the stirrer: a connection has joined somewhere.
struct new_client {
  caf::actor client;
};

/// To the stirrer: do one thing.
struct stir {
  std::uint64_t random;
};

/// To a target: end, in one of several ways.
struct end_now {
  std::uint64_t random;
};

/// To a target: answer, everything before has been handled.
struct are_you_done {};

/// To itself, later.
struct answer_held {};

// -- actors -------------------------------------------------------------------

struct target_state;
struct stirrer_state;

caf::behavior target(caf::stateful_actor<target_state>* self, stage* on,
                     habit how, std::uint64_t seed);

/// Monitors every connection it hears of.
caf::behavior watcher(caf::event_based_actor* self, record* seen);

caf::behavior stirrer(caf::stateful_actor<stirrer_state>* self, stage* on);

/// Answers requests: a relay to a target by handle or by header, or no relay.
caf::behavior handler(caf::event_based_actor* self, stage* on,
                      std::uint64_t seed);

struct target_state {
  static inline const char* name = "storm.target";

  explicit target_state(caf::stateful_actor<target_state>* self);
  ~target_state();

  target_state(const target_state&) = delete;
  target_state& operator=(const target_state&) = delete;

  caf::result<void> join(const ws_join& message);
  caf::result<void> take(const ws_message& message);
  void leave(const ws_leave& message);
  void reply(const caf::actor& client, message_type type, std::size_t size);
  void reply_with_key(const caf::actor& client);
  void forget(caf::actor_id client);
  caf::result<void> handle(const ws_message& message);
  void move(const caf::actor& client);
  void answer_all();
  void end(std::uint64_t random);

  bool one_in(unsigned count) { return random() % count == 0; }

  caf::stateful_actor<target_state>* self;
  stage* on = nullptr;
  habit how = habit::echo;
  std::mt19937_64 random;
  std::map<caf::actor_id, std::uint64_t> replies;
  struct held_join {
    caf::actor_id client;
    caf::response_promise promise;
  };
  std::vector<held_join> held_joins;
  struct held_message {
    caf::actor_id client;
    std::uint64_t seq;
    caf::response_promise promise;
  };
  std::vector<held_message> held_messages;
  /// By client, for each of two keys.
  std::map<caf::actor_id, std::array<std::uint64_t, 2>> versions;
  bool waking = false;
};

struct stirrer_state {
  static inline const char* name = "storm.stirrer";

  explicit stirrer_state(caf::stateful_actor<stirrer_state>* self)
      : self{self} {}

  void stir(std::uint64_t random);
  caf::actor client();
  ws_send some_send();
  ws_event some_event();
  ws_close some_close();
  ws_control some_control();
  ws_control some_transfer();
  void exit(const caf::actor& client);
  void link(const caf::actor& client);

  template <class T>
  void tell(const caf::actor& client, T message);

  caf::stateful_actor<stirrer_state>* self;
  stage* on = nullptr;
  std::mt19937_64 random;
  std::vector<caf::actor> clients; // the last ones, a ring
  std::size_t next = 0;
};

} // namespace wsrelay::storm

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wsrelay::storm::new_client)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wsrelay::storm::stir)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wsrelay::storm::end_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wsrelay::storm::are_you_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wsrelay::storm::answer_held)
