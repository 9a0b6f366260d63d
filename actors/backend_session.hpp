// The actor behind a backend's WebSocket (BACKEND.md). It is the target of that
// connection; each name that the backend offers is an actor, and what these
// hear it hears. What it says is carried out.
#pragma once

#include "actors/backend_name.hpp"
#include "actors/messages.hpp"
#include "protocol/backend_order.hpp"

#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay {

/// Bytes that are on their way to a backend's socket, and of answers to it that
/// wait: beyond these what it says is not taken.
inline constexpr std::size_t max_backend_flight = 1024 * 1024;

/// Bytes that may be sent without asking whether the kernel has them: an answer
/// for each would cost as much as the message.
inline constexpr std::size_t backend_slack = 64 * 1024;

/// Bytes that wait for a backend: beyond these nobody joins, and no request is
/// taken. Messages are bounded by their windows.
inline constexpr std::size_t max_backend_queue = 4 * 1024 * 1024;

/// Of a session: requests that the backend, or somebody else for it, has not
/// answered; names; actors that it monitors or has linked.
inline constexpr std::size_t max_backend_open = 100'000;
inline constexpr std::size_t max_session_names = 1'000; // at a time
inline constexpr std::size_t max_all_names = 10'000;    // in its life
inline constexpr std::size_t max_backend_watched = 100'000;

/// Messages of a backend that are sent together, at most.
inline constexpr std::size_t max_backend_batch = 128;

/// How long a request to a backend is remembered; all of them have given up
/// before.
inline constexpr milliseconds backend_patience{120'000};

struct backend_session_state;
using backend_session_actor = caf::stateful_actor<backend_session_state>;

struct backend_session_state {
  static inline const char* name = "wsrelay.backend";

  /// A name of the backend.
  struct offered {
    std::string name;
    caf::actor who;
    bool is_offered = false; // else it is withdrawn
    bool acks = false;
  };

  /// Something that the backend was asked.
  struct question {
    enum class kind { join, leave, http };
    kind what;
    caf::actor_addr client{}; // of a join, a leave
    std::uint32_t name = 0;
    caf::response_promise promise{};
    caf::actor_clock::time_point asked{};
  };

  /// A connection at one of the names, until its last leave is answered.
  struct client {
    caf::actor who;
    std::multiset<std::uint32_t> names{}; // where it has joined
    std::size_t leaving = 0;
    std::deque<std::pair<std::uint64_t, caf::response_promise>> untaken{};
  };

  struct output {
    ws_send what;
    std::optional<caf::response_promise> done;
    std::size_t answer; // bytes of one, else 0
  };

  explicit backend_session_state(backend_session_actor* self) : self{self} {}
  ~backend_session_state();

  // the backend's socket (backend_session.cpp)
  caf::result<void> on_join(const ws_join& message);
  caf::result<void> on_message(const ws_message& message);
  caf::result<void> hear_first(const ws_message& message);
  void refuse_unread(const backend_order& what, const backend_fault& why);
  void on_leave(const ws_leave& message);
  void on_down(const caf::down_msg& message);
  void on_exit(const caf::exit_msg& message);
  void say(ws_send what, std::optional<caf::response_promise> done = {});
  void answer(ws_send what);
  void pump();
  void ask_for(output next);
  void settle_output(const output& sent);
  void go_on_taking();
  void end(caf::error reason);

  // what its names hear (backend_calls.cpp)
  caf::result<caf::message> on_call(backend_call& call);
  caf::result<caf::message> hear_join(std::uint32_t name,
                                      const ws_join& message);
  void hear_message(std::uint32_t name, const ws_message& message,
                    const std::optional<caf::response_promise>& promise);
  caf::result<caf::message> hear_leave(std::uint32_t name,
                                       const ws_leave& message);
  caf::result<caf::message> hear_http(std::uint32_t name,
                                      const http_request& message);
  caf::result<caf::message> ask(question what, std::uint64_t& ref);
  void settle(std::uint64_t ref, const backend_order& answer);
  void settle_leave(const caf::actor_addr& who);
  void settle_refusal(std::uint32_t name, const caf::actor_addr& who);
  bool is_full() const noexcept { return queued > max_backend_queue; }
  void forget_client(const caf::actor_addr& who);
  void lose_client(const caf::actor_addr& who, const caf::error& reason);
  void take(const backend_order& what);

  // what it says (backend_orders.cpp)
  void carry_out(backend_order what);
  void offer(const backend_order& what);
  void withdraw(const backend_order& what);
  void take_back(const std::vector<std::string>& which);
  void look_up(backend_order what);
  void deliver(const backend_order& what, const caf::actor& whom);
  void tell_group(const backend_order& what);
  void watch(const backend_order& what, const caf::actor& whom);
  void unwatch(const backend_order& what, const caf::actor& whom);
  void link(const backend_order& what, const caf::actor& whom);
  void unlink(const backend_order& what, const caf::actor& whom);
  template <class Message>
  void tell(const backend_order& what, const caf::actor& whom, Message message);
  void put(const caf::actor& whom, caf::mailbox_element_ptr message,
           std::size_t size);
  void send_batch();
  void accept(const backend_order& what);
  void refuse(const backend_order& what, const caf::error& why);

  backend_session_actor* self;
  caf::actor directory;
  caf::actor socket; // null before it has joined
  std::vector<offered> names;
  std::map<std::uint64_t, question> questions;
  std::uint64_t last_ref = 0;
  std::map<std::string, client, std::less<>> clients;       // by PID
  std::map<caf::actor_addr, std::string> pids;              // of these
  std::map<std::string, std::deque<backend_order>> lookups; // under way
  std::size_t open = 0;                                     // requests for it
  std::map<caf::actor_addr, std::set<std::string>> watched;
  std::map<caf::actor_addr, std::string> linked;
  std::deque<output> waiting; // for the socket
  std::size_t in_flight = 0;  // bytes that the kernel may not have
  std::size_t unasked = 0;    // bytes beside these
  std::size_t queued = 0;     // bytes that wait
  std::vector<std::pair<caf::actor, caf::mailbox_element_ptr>> batch{};
  std::size_t batch_size = 0; // bytes
  std::size_t answers = 0; // bytes of answers, and of orders that are looked up
  std::vector<caf::response_promise> held; // what it says is not taken yet
  bool has_ended = false;
};

/// The actor. It ends with its socket, and with its names: as a program that
/// stopped where the backend closed with 1000 or 1001, else as one that was
/// lost.
caf::behavior backend_session(backend_session_actor* self,
                              caf::actor directory);

/// Spawns it on the directory's node. Any thread.
caf::actor spawn_backend_session(const caf::actor& directory);

} // namespace wsrelay
