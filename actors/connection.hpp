// The actor that is a WebSocket connection: binds to a target, relays both
// ways, moves to another target, ends. Its socket is behind frame_port.hpp, how
// endings map to codes and reasons in ending.hpp, who owns what the client
// sends in ownership.hpp, what waits for a transfer in claim_line.hpp.
#pragma once

#include "actors/backlog.hpp"
#include "actors/claim_line.hpp"
#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "actors/flight_record.hpp"
#include "actors/flow_counts.hpp"
#include "actors/frame_port.hpp"
#include "actors/heartbeat.hpp"
#include "actors/loop_actor.hpp"
#include "actors/node_messages.hpp"
#include "actors/output_gate.hpp"
#include "actors/ownership.hpp"
#include "actors/parking.hpp"
#include "actors/rate_gate.hpp"
#include "actors/relay_counts.hpp"
#include "actors/relay_settings.hpp"
#include "actors/target_nodes.hpp"
#include "actors/traffic_watch.hpp"
#include "config/config.hpp"
#include "protocol/topic.hpp"
#include "protocol/trace_context.hpp"

#include <caf/stateful_actor.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay {

/// "ws.message" and "{}": each connection has the same.
const shared_buffer& default_topic_text();
const shared_buffer& no_metadata();

class awaited_connection;

/// What a connection starts with: a command whose target is known, and limits.
struct connection_config {
  caf::actor target;
  shared_buffer message_topic = default_topic_text();
  milliseconds heartbeat_interval{0}; // 0 = off
  shared_buffer metadata = no_metadata();
  shared_buffer subprotocol{};
  shared_buffer state{};
  milliseconds expires_at{0}; // Unix time, 0 = never
  std::shared_ptr<const expiry_options> expiry =
      std::make_shared<const expiry_options>();
  std::uint32_t window = 128; // messages
  std::size_t window_bytes = 4 * 1024 * 1024;
  std::size_t output_limit = 4 * 1024 * 1024; // bytes of memory
  std::size_t max_metadata = 16 * 1024;
  milliseconds join_timeout{10'000};
  milliseconds close_timeout{5'000};
  rate_options rate{};
  std::shared_ptr<const overflow_options> overflow =
      std::make_shared<const overflow_options>();
  bool reports_overflow = false;                    // to the owner
  std::shared_ptr<const parking_options> parking{}; // null = it never waits
  std::shared_ptr<parking_lot> lot{};               // null = not counted
  std::shared_ptr<awaited_connection> awaited{};    // whose PID it gets
  std::string target_name{}; // who has it next is its target's successor
  std::vector<std::string> groups{};
  std::shared_ptr<flow_counts> flows = std::make_shared<flow_counts>();
  std::shared_ptr<relay_counts> counts{}; // null = not counted
  flight_record_ptr record{};             // null = none is kept
  trace_context trace{};                  // of its request
  milliseconds took{0};                   // from the request to here
  bool compressed = false;                // permessage-deflate
  std::string remote_address;             // for the log
  caf::actor directory;                   // resolves `ws_control::target_pid`
  const target_nodes* nodes = nullptr;    // null = this one alone
};

/// Takes the limits over from a route.
void apply(const relay_options& options, connection_config& config);

/// What a connection keeps of it: every byte counts, there are many.
struct connection_limits {
  explicit connection_limits(connection_config& config)
      : join_timeout{config.join_timeout},
        close_timeout{config.close_timeout},
        max_metadata{static_cast<std::uint32_t>(config.max_metadata)},
        reports_overflow{config.reports_overflow},
        remote_address{std::move(config.remote_address)},
        subprotocol{std::move(config.subprotocol)},
        state{std::move(config.state)},
        expiry{std::move(config.expiry)},
        overflow{std::move(config.overflow)},
        flows{std::move(config.flows)},
        counts{std::move(config.counts)},
        record{std::move(config.record)},
        lot{std::move(config.lot)},
        directory{std::move(config.directory)},
        nodes{config.nodes} {}
  connection_limits() = default;

  milliseconds join_timeout{0};
  milliseconds close_timeout{0};
  std::uint32_t max_metadata = 0;
  bool reports_overflow = false;
  std::string remote_address;
  shared_buffer subprotocol;
  shared_buffer state;                          // of the command
  std::shared_ptr<const expiry_options> expiry; // where its end is told
  std::shared_ptr<const overflow_options> overflow;
  std::shared_ptr<flow_counts> flows;   // null = not counted
  std::shared_ptr<relay_counts> counts; // the same
  flight_record_ptr record;             // null = none is kept
  std::shared_ptr<parking_lot> lot;
  caf::actor directory;
  const target_nodes* nodes = nullptr;
};

/// How long a target may take at most to answer what a client sent before its
/// end; half of the close timeout where that is less.
inline constexpr milliseconds max_last_answers{1'000};

class connection_state;
using connection_actor = caf::stateful_actor<connection_state, loop_actor>;

/// The state of a connection and its small functions. Phases: binding (no owner
/// yet), relaying, transferring (an owner and a claim), parked (the owner has
/// ended, and the next one is awaited), leaving (the client has ended, its
/// target still answers), closing.
///
/// Transfer: the new target is monitored and gets ws.join as a request, the
/// socket is not read meanwhile; on its answer the old target gets
/// ws.leave{transferred} and the new one owns the next `seq`. A target that is
/// dead, silent or refuses is rolled back: the old one keeps the connection.
/// The first binding is a transfer without an old target.
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
  void before_input() override { update_reading(); }
  void on_frame(message_type type, shared_buffer data) override;
  void on_end(end_cause cause, std::uint16_t code,
              std::string_view text) override;
  void on_hang_up() override;
  void on_drained(std::uint64_t count) override;
  void on_closed(end_cause cause) override;
  void on_wake() override;

  /// A message came that is none of those that it takes, and no request.
  void note_unknown(const caf::type_erased_tuple& content);

private:
  // messages (connection.cpp, connection_watch.cpp)
  caf::behavior make_behavior();
  void settle(caf::result<void>& result, std::string_view what);
  caf::result<void> on_send(const ws_send& message);
  caf::result<void> on_event(const ws_event& message);
  caf::result<void> on_close(const ws_close& message);
  caf::result<void> on_control(const ws_control& message);
  caf::result<void> send(const ws_send& message);
  caf::result<void> close(const ws_close& message);
  caf::result<void> control(const ws_control& message);
  caf::result<void> on_watch(const ws_watch& message);
  std::string target_text() const;
  connection_numbers numbers() const;
  connection_stats on_stats(connection_stats_get question) const;
  connection_report on_report(connection_report_get) const;
  connection_phase phase() const;
  void note_phase();
  template <class... Ts>
  void note(flight_event what, const Ts&... details) {
    if (limits_.record)
      limits_.record->add(what, port_->now(), details...);
  }
  void on_audience(const audience_open& message);
  void on_shutdown(connection_shutdown);
  void on_drain(const connection_drain& message);
  void on_unpark(const connection_unpark& message);
  void on_down(const caf::down_msg& message);
  void on_exit(caf::exit_msg& message);
  void on_node_stops(const node_stops& message);
  void on_relieved(const node_relieved&) { update_reading(); }

  // output (connection_output.cpp)
  caf::result<void> write(const ws_send& message);
  caf::error admit(const ws_send& message);
  void pass(const ws_send& message, const requester& who);
  void give(const ws_send& message, const caf::response_promise* who);
  std::size_t queued_cost() const;
  output_gate::verdict make_room(const ws_send& message);
  caf::error refuse_output();
  void drop(backlog::item& what);
  void note_drop();
  void log_overflow() const;
  void put(backlog::item what);
  void put_behind(backlog::item what);
  void ensure_waiting();
  void tell_hole(std::uint64_t count);
  void refill(bool all = false);
  void on_drained_all();

  // towards the owner (connection_relay.cpp)
  void pass_on(message_type type, shared_buffer data);
  void relay(ws_message message, bool asks);
  void note_answer(time_point since);
  ws_message make_message(std::uint64_t seq, message_type type,
                          shared_buffer data) const;
  ws_join make_join(const relay_settings& settings) const;
  void on_answer(std::uint64_t epoch, const send_window::mark& until,
                 const caf::error& error);
  void send_heartbeat();
  ws_leave make_leave(const relay_settings& settings, const ending& how,
                      std::uint64_t last_seq) const;
  bool is_pressed() const;
  bool is_held_back() const { return rate_ && rate_->is_held(); }
  void wake(time_point now);
  bool overrun(time_point now);
  void update_reading();
  void note_pause();
  void update_wake();
  void use(relay_settings settings);

  // transfer (transfer.cpp)
  void apply_control(const ws_control& control, requester who);
  void resolve_claim(const std::string& target_pid);
  void join_claim(caf::actor target);
  void on_claim_answer(std::uint64_t id, const caf::error& error);
  void commit_claim();
  void part_from_owner(leave_reason why);
  void on_parted(std::uint64_t epoch);
  void unwatch(const caf::actor& target);
  void fail_claim(errc code, end_cause cause, bool tell_target,
                  std::string detail);
  void run_waiting_controls();
  void forget(const caf::actor& target);

  // groups (connection_groups.cpp)
  caf::error check_groups(const ws_control& control) const;
  void change_groups(std::vector<std::string> join,
                     const std::vector<std::string>& leave, requester who);

  // without an owner (connection_parking.cpp)
  bool parks(end_cause cause) const;
  bool is_parked() const;
  bool redelivers() const;
  bool may_go_on(end_cause cause) const;
  void lose_owner(end_cause cause);
  void part_from_stopping(end_cause cause);
  bool lose_former(const caf::actor_addr& who, end_cause cause);
  void park(end_cause how, std::optional<std::uint64_t> parting = {});
  void find_successor();
  void on_successor(std::uint64_t search, const caf::actor& found);
  void stay_without(const claim& failed, errc code, end_cause cause);
  void hold(message_type type, shared_buffer data);
  void resume(std::string name);
  void redeliver();
  void tell_client(std::string_view topic, std::string_view data);
  bool stays_parked(time_point now);
  std::string leave_parking(end_cause cause);
  void say_last_words(parking& parked);

  // end (connection_end.cpp)
  void end(end_cause cause, std::uint16_t code = 0, std::string_view text = {},
           caf::error exit = {});
  void begin_end(end_cause cause, ending how);
  void leave_owner(bool awaits_answers);
  void leave_others();
  void send_leave(const caf::actor& target, ws_leave leave);
  void end_leaving();
  void close_port();
  void fail_waiting(errc why);
  void on_finished(connection_finished);
  std::string record_text(end_severity level) const;
  void log_end(end_cause cause, std::string_view more) const;

  milliseconds jitter() const {
    return limits_.expiry->jitter.value_or(milliseconds{0});
  }
  bool closing() const noexcept { return ending_ != nullptr; }
  bool leaving() const noexcept { return leave_due_ != time_point::max(); }

  connection_actor* self_;
  frame_port_ptr port_;
  connection_limits limits_;
  shared_buffer pid_;
  time_point started_;

  ownership owners_{send_window{1, 1}};
  relay_settings settings_;
  claim_line claims_;
  const std::atomic<bool>* pressure_ = nullptr; // on the owner's node
  output_gate output_{0};
  std::unique_ptr<backlog> waiting_; // behind the port; null = nothing
  heartbeat heartbeat_;
  std::unique_ptr<parking> parking_; // null where the route never waits
  std::unique_ptr<rate_gate> rate_;  // null without a limit
  std::unique_ptr<std::set<std::string>> groups_; // null = in none
  std::unique_ptr<traffic_watch> watch_;          // null while nobody watches

  std::unique_ptr<const ending> ending_;     // null before
  time_point leave_due_ = time_point::max(); // set while leaving
  // The client is gone behind input that its owner does not take: from then on
  // the rest, what the kernel holds, is read all the same, in bounds.
  time_point overrun_due_ = time_point::max();
  bool overruns_ = false;
  bool reading_ = false;
  bool port_closed_ = false;
  bool is_counted_ = false; // in the phase below
  connection_phase phase_ = connection_phase::binding;
};

/// The connection actor. `port` is attached when the actor starts.
caf::behavior connection(connection_actor* self, frame_port_ptr port,
                         connection_config config);

} // namespace wsrelay
