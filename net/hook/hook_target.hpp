// The actor of an http.target: what its connections tell becomes requests, in
// turn; what the answers order is done.
#pragma once

#include "actors/log_limit.hpp"
#include "actors/loop_actor.hpp"
#include "actors/messages.hpp"
#include "config/config.hpp"
#include "net/hook/hook_line.hpp"
#include "net/hook/hook_port.hpp"

#include <caf/stateful_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

class hook_target_state;
using hook_target_actor = caf::stateful_actor<hook_target_state, loop_actor>;

/// What it does so often, and no more.
inline constexpr unsigned max_hook_tries = 6;    // 5 repetitions
inline constexpr unsigned max_hook_failures = 5; // until it counts as down
inline constexpr milliseconds first_hook_delay{250};
inline constexpr milliseconds hook_probe_interval{1'000};

/// Lines take turns: each has one request on its way at most, and all together
/// `max_in_flight`. A server that fails five times in a row is down: joins are
/// refused until a probe (HEAD) is answered.
class hook_target_state {
public:
  static inline const char* name = "wsrelay.http_target";

  explicit hook_target_state(hook_target_actor* self);

  hook_target_state(const hook_target_state&) = delete;
  hook_target_state& operator=(const hook_target_state&) = delete;

  void start(std::shared_ptr<const http_target_config> settings,
             std::unique_ptr<hook_port> port);

  /// Goes on with other settings, for what is sent from now on.
  void configure(std::shared_ptr<const http_target_config> settings);

  caf::result<void> on_join(const ws_join& message);
  caf::result<void> on_message(const ws_message& message);
  void on_heartbeat(const ws_heartbeat& message);
  caf::result<void> on_leave(const ws_leave& message);
  void on_down(const caf::down_msg& message);

  /// It is no target of the configuration any more.
  void retire() noexcept { is_retired_ = true; }

  /// Returns how many connections it has, those whose end is not told yet
  /// included.
  std::size_t connections() const noexcept { return lines_.size(); }

private:
  using line_ptr = std::shared_ptr<hook_line>;

  caf::result<void> leave(line_ptr line, const ws_leave& message);
  caf::result<void> add(const line_ptr& line, hook_event event);
  void serve();
  void send(const line_ptr& line);
  void on_result(const line_ptr& line, hook_kind kind, const hook_result& what);
  void obey(const line_ptr& line, hook_kind kind,
            const http_response& response);
  void repeat(const line_ptr& line, hook_kind kind, const hook_result& what);
  void wait(const line_ptr& line, hook_kind kind, const hook_result& what);
  void give_up(const line_ptr& line, hook_kind kind, const hook_result& what);
  void refuse(const line_ptr& line, const hook_result& what);
  void end_client(const line_ptr& line, ws_close how);
  void go_on(const line_ptr& line);
  void forget(const line_ptr& line);

  void note(const hook_result& what);
  void rise();
  void probe();
  void complain(const line_ptr& line, const std::string& why);
  void on_wake();
  void update_wake();

  hook_target_actor* self_;
  std::shared_ptr<const http_target_config> settings_;
  std::vector<std::string> keys_;
  std::string source_;
  std::map<caf::actor_addr, line_ptr> lines_;
  std::deque<line_ptr> ready_;                  // in turn
  std::multimap<time_point, line_ptr> waiting_; // for their next try
  std::size_t in_flight_ = 0;
  std::uint64_t number_ = 0; // of events that have none of their own
  time_point paused_until_{};
  unsigned failures_ = 0; // in a row
  bool is_down_ = false;
  time_point next_probe_ = time_point::max();
  bool is_probing_ = false;
  std::uint64_t probe_ = 0; // the newest one
  bool is_retired_ = false;
  log_limit complaints_;
  std::unique_ptr<hook_port> port_; // before all that its calls refer to
};

caf::behavior hook_target(hook_target_actor* self,
                          std::shared_ptr<const http_target_config> settings,
                          std::shared_ptr<std::unique_ptr<hook_port>> port);

} // namespace wsrelay
