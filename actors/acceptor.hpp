// The acceptor: one per loop of an http.service. It is what the loop's sockets
// have of actors: it asks handlers, finds targets, opens connections, knows
// them all, and closes them when the node stops. What it decides is said to
// net by callbacks; how many sockets there may be is decided there.
#pragma once

#include "actors/awaited_connection.hpp"
#include "actors/connection.hpp"
#include "actors/drain_line.hpp"
#include "actors/ended_connections.hpp"
#include "actors/loop_actor.hpp"
#include "actors/node_messages.hpp"
#include "actors/stats_line.hpp"

#include <caf/actor_addr.hpp>
#include <caf/expected.hpp>
#include <caf/message_id.hpp>
#include <caf/stateful_actor.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace wsrelay {

struct acceptor_config {
  caf::actor directory;
  const target_nodes* nodes = nullptr;           // null = this one alone
  std::shared_ptr<connection_journal> journal{}; // null = nobody listens
};

class acceptor_state;
using acceptor_actor = caf::stateful_actor<acceptor_state, loop_actor>;

/// How long a handler's answer is awaited after its timeout, to tell the target
/// in it that nobody comes.
inline constexpr milliseconds late_answer_patience{60'000};

/// How many of them are awaited at once. CAF 0.17.6 walks all open requests for
/// each response, so a handler that hangs must not make the others slow; the
/// oldest one is forgotten.
inline constexpr std::size_t max_late_answers = 4096;

/// Its public functions are called on the loop's thread, after the actor has
/// started. Callbacks come there too, exactly once and never before the call
/// returns; none comes when the acceptor has ended. What a callback throws is
/// logged and goes nowhere.
class acceptor_state {
public:
  static inline const char* name = "wsrelay.acceptor";

  using on_response = std::function<void(caf::expected<http_response>)>;
  using on_target = std::function<void(caf::expected<caf::actor>)>;

  explicit acceptor_state(acceptor_actor* self);

  caf::behavior start(acceptor_config config);

  /// Asks the handler actor registered under `handler`. Errors: those of
  /// `find`, what the handler answers, `sec::request_receiver_down` at once
  /// when it ends, `sec::request_timeout` after `timeout`, which covers the
  /// look-up of the name as well. Whom a late answer wants to relay to is told
  /// that nobody comes.
  void ask(const std::string& handler, http_request request,
           milliseconds timeout, on_response done);

  /// Finds the actor of a name or PID. Errors: as `directory_get`. The relay's
  /// own actors and names are found by nobody: `no_such_target`.
  void find(const std::string& target, on_target done);

  /// Returns a connection that there may be: it has its PID from now on.
  std::shared_ptr<awaited_connection> expect();

  /// Spawns the connection actor on this loop, which binds to `config.target`,
  /// monitors and lists it. When the node stops it is told so at once.
  caf::actor open(frame_port_ptr port, connection_config config,
                  std::string remote_address, std::string endpoint);

  /// Tells the target of a command that no connection comes to it. `reason` as
  /// in `ws_refused`. Does nothing when the command has no target.
  void refuse(const relay_to& command, std::string reason);

  /// Returns how many connections are open.
  std::size_t connection_count() const noexcept { return connections_.size(); }

private:
  // A handler that was asked. Without `done` it was given up: only a late
  // answer is of interest.
  struct question {
    http_request request; // while the handler's name is looked up
    on_response done;
    caf::actor_addr handler; // null while its name is looked up
    caf::message_id response;
    time_point due;
  };
  enum class phase : std::uint8_t { running, stopping, given_up };

  struct open_connection {
    connection_info info;
    const_flight_record_ptr record;
  };

  // connections (acceptor.cpp)
  void on_down(const caf::actor_addr& who);
  caf::result<void> on_stop(const acceptor_stop& message);
  void on_drain(const acceptor_drain& message);
  void drain_some();
  milliseconds retry_time();
  void give_up();
  void try_finish();
  void on_relieved(const node_relieved& message);
  void hasten(const caf::actor& client);
  caf::result<std::vector<connection_info>> on_list();
  std::vector<connection_info> list() const;
  static connection_info listed(const connection_info& info);
  caf::actor collect(const std::optional<acceptor_page_get>& page);
  caf::actor collect_page(caf::actor_id after);
  void bury(caf::actor_id id, open_connection& what);

  // questions (acceptor_ask.cpp)
  void on_handler(std::uint64_t id, caf::expected<caf::actor> found);
  void on_answer(std::uint64_t id, caf::expected<http_response> answer);
  void on_due();
  void on_time_over(std::uint64_t id, question& what);
  void set_due(std::uint64_t id, question& what, time_point when);
  void await_late(std::uint64_t id, question& what);
  void arm();
  void fail_questions(const caf::actor_addr& handler);
  void answer_myself(const question& what, caf::sec why);
  void tell(const on_response& done, caf::expected<http_response> answer);

  acceptor_actor* self_;
  acceptor_config config_;

  std::unordered_map<caf::actor_id, open_connection> connections_;
  ended_connections ended_;
  phase phase_ = phase::running;
  std::vector<caf::response_promise> stop_requests_;
  std::unique_ptr<drain_line> drain_; // null while it does not drain
  milliseconds drain_span_{0};
  std::minstd_rand random_{std::random_device{}()};
  stats_line numbers_;

  std::map<std::uint64_t, question> questions_;
  std::uint64_t last_question_ = 0;
  std::set<std::pair<time_point, std::uint64_t>> due_; // of all questions
  std::set<std::uint64_t> late_;                       // without `done`
  std::vector<time_point> ticks_;      // on their way, the first one last
  std::set<caf::actor_addr> handlers_; // that are monitored
  std::uint64_t settled_ = 0;          // connections opened, targets told
};

/// The acceptor actor. Answers `acceptor_*` of node_messages.hpp, and
/// `ok_atom`, which tells that it has started.
caf::behavior acceptor(acceptor_actor* self, acceptor_config config);

} // namespace wsrelay
