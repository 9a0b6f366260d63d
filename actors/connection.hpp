// The actor that is a WebSocket connection: binds to a target, relays both
// ways, moves to another target, ends. Its socket is behind frame_port.hpp, how
// endings map to codes and reasons in ending.hpp.
#pragma once

#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "actors/frame_port.hpp"
#include "actors/loop_actor.hpp"
#include "actors/node_messages.hpp"
#include "actors/pending_writes.hpp"
#include "actors/send_window.hpp"
#include "actors/traffic_watch.hpp"
#include "config/config.hpp"
#include "protocol/topic.hpp"

#include <caf/stateful_actor.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace wsrelay {

/// What a connection starts with: a command whose target is known, and limits.
struct connection_config {
  caf::actor target;
  shared_buffer message_topic{default_message_topic};
  milliseconds heartbeat_interval{0}; // 0 = off
  shared_buffer metadata{"{}"};
  std::uint32_t window = 128;
  std::size_t output_limit = 4 * 1024 * 1024;
  std::size_t max_metadata = 16 * 1024;
  milliseconds join_timeout{10'000};
  caf::actor directory; // resolves `ws_control::target_pid`
  /// Says whether a target's node is connected; null = every one is. What is
  /// reached through a third node is no target: its messages may be overtaken
  /// by later ones, once there is a direct way.
  bool (*is_reachable)(const caf::actor& target) = nullptr;
};

/// Takes the limits over from a route.
void apply(const relay_options& options, connection_config& config);

/// Controls that may wait behind a transfer; one more is answered `busy`.
inline constexpr std::size_t max_waiting_controls = 16;

/// What travels with a target: changed as a whole when a transfer commits.
struct relay_settings {
  shared_buffer message_topic;
  milliseconds heartbeat_interval{0};
  shared_buffer metadata;
};

class connection_state;
using connection_actor = caf::stateful_actor<connection_state, loop_actor>;

/// The state of a connection and its small functions. Phases: binding (no owner
/// yet), relaying, transferring (an owner and a claim), closing.
///
/// Transfer: the new target is monitored and gets ws.join as a request, the
/// socket is not read meanwhile; on its answer the old target gets
/// ws.leave{transferred} and the new one owns the next `seq`. A target that is
/// dead, silent or refuses is rolled back: the old one keeps the connection.
/// The first binding is a transfer without an old target.
///
/// What is under way to an owner when its node is lost is lost with it, and the
/// connection ends, also when it has moved on: a former owner is watched until
/// it has answered ws.leave.
class connection_state : public frame_sink {
public:
  static inline const char* name = "wsrelay.connection";

  explicit connection_state(connection_actor* self);
  ~connection_state();

  connection_state(const connection_state&) = delete;
  connection_state& operator=(const connection_state&) = delete;

  /// Attaches to the port, claims the first target, returns the behavior.
  caf::behavior start(frame_port_ptr port, connection_config config);

  // frame_sink, called by the port on the connection's thread
  void on_frame(message_type type, shared_buffer data) override;
  void on_drained(std::uint64_t count) override;
  void on_closed(end_cause cause, std::uint16_t code,
                 std::string_view text) override;
  void on_wake() override;

private:
  // A target that was asked to join, or whose name is being resolved.
  struct claim {
    std::uint64_t id;
    caf::actor target; // null while the name is being resolved
    relay_settings settings;
    time_point deadline;
    std::optional<caf::response_promise> requester;
  };
  struct former_owner {
    std::uint64_t epoch;
    caf::actor target;
  };
  struct waiting_control {
    ws_control control;
    std::optional<caf::response_promise> requester;
  };

  // messages (connection.cpp, connection_watch.cpp)
  caf::result<void> on_send(const ws_send& message);
  caf::result<void> on_event(const ws_event& message);
  caf::result<void> on_close(const ws_close& message);
  caf::result<void> on_control(ws_control& message);
  caf::result<void> on_watch(const ws_watch& message);
  connection_stats stats() const;
  void on_down(const caf::down_msg& message);
  void on_exit(caf::exit_msg& message);
  void on_node_stops(const caf::node_id& node);
  caf::result<void> write(message_type type, const shared_buffer& data);

  // towards the owner (connection.cpp)
  void relay(ws_message message);
  void on_answer(std::uint64_t owner_epoch, std::uint64_t seq);
  void send_heartbeat();
  void send_leave(const caf::actor& target, const relay_settings& settings,
                  const ending& how, std::uint64_t last_seq);
  ws_leave make_leave(const relay_settings& settings, const ending& how,
                      std::uint64_t last_seq) const;
  std::uint64_t last_owned_seq() const noexcept;

  // transfer (transfer.cpp)
  caf::error check(const ws_control& control) const;
  relay_settings merged(const ws_control& control) const;
  void apply_control(const ws_control& control,
                     std::optional<caf::response_promise> requester);
  void resolve_claim(const std::string& target_pid);
  void join_claim(caf::actor target);
  void on_claim_answer(std::uint64_t id, const caf::error& error);
  void commit_claim();
  void part_from_owner();
  void on_parted(std::uint64_t epoch);
  bool forget_former(const caf::actor_addr& who);
  void unwatch(const caf::actor& target);
  void fail_claim(errc code, end_cause cause, bool tell_target,
                  std::string detail);
  void run_waiting_controls();
  void use(relay_settings settings);

  // end (connection_end.cpp)
  void end(end_cause cause, std::uint16_t code = 0, std::string_view text = {},
           caf::error exit = {});
  void leave_targets(const ending& how);
  void fail_requests(errc code);
  void finish();
  void on_finished();
  void log_end(end_cause cause, const ending& how) const;

  bool closing() const noexcept { return ending_.has_value(); }
  void update_reading();
  void update_wake();
  void forget(const caf::actor& target);

  connection_actor* self_;
  frame_port_ptr port_;
  connection_config config_;
  shared_buffer pid_;
  time_point started_;

  caf::actor owner_; // null while binding, and when it ended in a transfer
  std::uint64_t owner_epoch_ = 0;
  std::uint64_t owned_from_ = 1; // first seq of the owner
  end_cause owner_end_ = end_cause::target_normal;
  std::vector<former_owner> former_owners_; // have not answered their leave
  relay_settings settings_;
  send_window window_{1};
  std::uint64_t seq_ = 0;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t messages_out_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::unique_ptr<traffic_watch> watch_; // null while nobody watches

  std::unique_ptr<claim> claim_;
  std::uint64_t last_claim_ = 0;
  std::vector<waiting_control> waiting_controls_;

  time_point next_heartbeat_ = time_point::max();
  bool heartbeat_open_ = false; // sent and not answered
  bool reading_ = false;
  bool port_closed_ = false;

  pending_writes pending_writes_;
  std::optional<ending> ending_;
};

/// The connection actor. `port` is attached when the actor starts.
caf::behavior connection(connection_actor* self, frame_port_ptr port,
                         connection_config config);

} // namespace wsrelay
