// Turns, tries, verdicts.
#include "net/hook/hook_target.hpp"

#include "actors/answer.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/log_value.hpp"
#include "actors/lost_leave.hpp"
#include "protocol/json.hpp"
#include "protocol/pid.hpp"
#include "protocol/webhook_signature.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace wsrelay {

namespace {

// A server that wants none of an event each time is no server.
constexpr unsigned max_waits = 10;

constexpr std::string_view failed_text =
    "the server behind it failed: connect again later";

std::vector<std::string> keys_of(const http_target_config& settings) {
  std::vector<std::string> result;
  for (auto& secret : settings.secrets) // validated
    if (auto key = webhook_key(secret))
      result.push_back(std::move(*key));
  return result;
}

// Its end has one id, and tells nothing that is not true twice.
bool may_repeat(hook_kind kind, const http_target_config& settings) {
  return settings.at_least_once || kind == hook_kind::disconnected;
}

} // namespace

hook_target_state::hook_target_state(hook_target_actor* self) : self_{self} {}

void hook_target_state::start(
    std::shared_ptr<const http_target_config> settings,
    std::unique_ptr<hook_port> port) {
  port_ = std::move(port);
  configure(std::move(settings));
}

void hook_target_state::configure(
    std::shared_ptr<const http_target_config> settings) {
  settings_ = std::move(settings);
  keys_ = keys_of(*settings_);
  source_ = "/nodes/" + url_pid(to_string(self_->system().node())) + "/targets/"
            + settings_->name;
  if (is_down_) { // the other server may work
    ++probe_;
    is_probing_ = false;
    next_probe_ = port_->now();
  }
  serve();
}

// -- what connections tell ----------------------------------------------------

caf::result<void> hook_target_state::on_join(const ws_join& message) {
  if (is_down_)
    return make_error(errc::target_refused, "its server does not answer");
  auto& line = lines_[message.client.address()];
  if (line)
    line->begin_again(message.state.view());
  else
    self_->monitor(message.client);
  if (!line)
    line = std::make_shared<hook_line>(message);
  return add(line, make_connected(message, ++number_));
}

caf::result<void> hook_target_state::on_message(const ws_message& message) {
  auto found = lines_.find(message.client.address());
  if (found == lines_.end() || found->second->phase() >= hook_phase::closing)
    return caf::unit;
  return add(found->second, make_message(message));
}

// One that waits tells the same as the next one.
void hook_target_state::on_heartbeat(const ws_heartbeat& message) {
  auto found = lines_.find(message.client.address());
  if (found == lines_.end() || found->second->phase() != hook_phase::open
      || found->second->has(hook_kind::heartbeat))
    return;
  static_cast<void>(add(found->second, make_heartbeat(message, ++number_)));
}

caf::result<void> hook_target_state::on_leave(const ws_leave& message) {
  auto found = lines_.find(message.client.address());
  if (found == lines_.end() || found->second->phase() == hook_phase::leaving)
    return caf::unit;
  if (message.reason == leave_reason::transferred)
    found->second->set_moved();
  return leave(found->second, message);
}

// Nobody is told of the end of what nobody has heard of.
caf::result<void> hook_target_state::leave(line_ptr line,
                                           const ws_leave& message) {
  line->set_phase(hook_phase::leaving);
  if (!line->drop_unsent_join())
    return add(line, make_disconnected(message, ++number_));
  if (line->empty())
    forget(line);
  return caf::unit;
}

// The monitor tells of a connection whose node is lost: it has sent no leave.
void hook_target_state::on_down(const caf::down_msg& message) {
  auto found = lines_.find(message.source);
  if (found == lines_.end() || found->second->phase() == hook_phase::leaving)
    return;
  static_cast<void>(
      leave(found->second, lost_leave(found->second->pid(), message.reason)));
}

caf::result<void> hook_target_state::add(const line_ptr& line,
                                         hook_event event) {
  auto promise = promise_to_requester(self_);
  event.promise = promise;
  event.time = port_->unix_now();
  if (line->add(std::move(event)))
    ready_.push_back(line);
  serve();
  return later(promise);
}

// -- requests -----------------------------------------------------------------

void hook_target_state::serve() {
  while (!ready_.empty() && in_flight_ < settings_->max_in_flight
         && port_->now() >= paused_until_) {
    auto line = std::move(ready_.front());
    ready_.pop_front();
    if (!line->empty()) // else it was forgotten while it waited
      send(line);
  }
  update_wake();
}

void hook_target_state::send(const line_ptr& line) {
  auto events = line->begin(settings_->batch, port_->now());
  auto kind = events.front().kind;
  auto begin = kind == hook_kind::disconnected ? port_->now() : line->begun();
  ++in_flight_;
  port_->ask(to_request({settings_->request_target, source_, keys_},
                        line->subject(), events, port_->unix_now()),
             begin + settings_->timeout, [this, line, kind](hook_result what) {
               --in_flight_;
               on_result(line, kind, what);
               serve();
             });
}

void hook_target_state::on_result(const line_ptr& line, hook_kind kind,
                                  const hook_result& what) {
  note(what);
  switch (judge(what, may_repeat(kind, *settings_))) {
    case hook_verdict::done:
      return obey(line, kind, *what.response);
    case hook_verdict::again:
      return repeat(line, kind, what);
    case hook_verdict::wait:
      return wait(line, kind, what);
    case hook_verdict::gone:
      line->finish();
      end_client(line, {1000, "the server behind it has ended it"});
      return go_on(line);
    case hook_verdict::failed:
      break;
  }
  give_up(line, kind, what);
}

void hook_target_state::obey(const line_ptr& line, hook_kind kind,
                             const http_response& response) {
  auto orders = read_orders(response, kind);
  if (!orders)
    return give_up(line, kind, {{}, true, orders.error().what});
  if (orders->state)
    line->set_state(std::move(*orders->state));
  if (kind == hook_kind::connected && line->phase() == hook_phase::joining)
    line->set_phase(hook_phase::open);
  line->finish(); // of a join: it has to be accepted before what it is sent
  for (auto& message : orders->messages)
    self_->send(line->client(), std::move(message));
  if (orders->has_control()) {
    ws_control control;
    control.target_pid = std::move(orders->target);
    control.join_groups = std::move(orders->join_groups);
    control.leave_groups = std::move(orders->leave_groups);
    self_->send(line->client(), std::move(control));
  }
  if (orders->close)
    end_client(line, std::move(*orders->close));
  go_on(line);
}

// 250 ms, doubled from try to try, less up to a half at random.
void hook_target_state::repeat(const line_ptr& line, hook_kind kind,
                               const hook_result& what) {
  auto now = port_->now();
  auto delay = first_hook_delay * (1u << (line->tries() - 1));
  auto share = 1 - port_->random_share() / 2;
  auto when = now
              + milliseconds{static_cast<milliseconds::rep>(
                  static_cast<double>(delay.count()) * share)};
  auto is_late = when >= line->begun() + settings_->timeout
                 && kind != hook_kind::disconnected;
  if (line->tries() >= max_hook_tries || is_late)
    return give_up(line, kind, what);
  line->put_off();
  waiting_.emplace(when, line);
}

// All wait, and this one is the next: the time does not count.
void hook_target_state::wait(const line_ptr& line, hook_kind kind,
                             const hook_result& what) {
  if (line->wait() > max_waits)
    return give_up(line, kind, what);
  auto until = port_->now() + *retry_after_of(*what.response);
  paused_until_ = std::max(paused_until_, until);
  ready_.push_front(line);
}

void hook_target_state::give_up(const line_ptr& line, hook_kind kind,
                                const hook_result& what) {
  complain(line, reason_of(what));
  if (kind == hook_kind::connected)
    return refuse(line, what);
  line->finish();
  if (settings_->on_error == hook_failure::close
      && kind != hook_kind::disconnected)
    end_client(line, {1011, std::string{failed_text}});
  go_on(line);
}

// No leave comes of it. A server that may have taken it has to hear of its end.
void hook_target_state::refuse(const line_ptr& line, const hook_result& what) {
  line->finish(make_error(errc::target_refused, std::string{failed_text}));
  if (what.was_sent && !what.response && line->phase() != hook_phase::leaving) {
    ws_leave leave{};
    leave.client_pid = line->pid();
    leave.reason = leave_reason::rolled_back;
    leave.code = 1011;
    leave.text = failed_text;
    line->add(make_disconnected(leave, ++number_));
  }
  line->set_phase(hook_phase::leaving);
  if (line->empty())
    forget(line);
  else
    ready_.push_back(line);
}

// It answers with its leave, which is told as the last of all.
void hook_target_state::end_client(const line_ptr& line, ws_close how) {
  if (line->has(hook_kind::connected)) // it has come back since
    return;
  if (line->phase() >= hook_phase::closing) {
    if (!line->has_moved())
      line->drop_waiting();
    return;
  }
  line->set_phase(hook_phase::closing);
  line->drop_waiting();
  self_->send(line->client(), std::move(how));
}

void hook_target_state::go_on(const line_ptr& line) {
  if (!line->empty())
    ready_.push_back(line);
  else if (line->phase() == hook_phase::leaving)
    forget(line);
}

void hook_target_state::forget(const line_ptr& line) {
  self_->demonitor(line->client());
  lines_.erase(line->client().address());
}

// -- the server ---------------------------------------------------------------

void hook_target_state::note(const hook_result& what) {
  if (!is_broken(what)) {
    rise();
  } else if (++failures_ >= max_hook_failures && !is_down_) {
    is_down_ = true;
    next_probe_ = port_->now() + hook_probe_interval;
    log().warn("http.target is down, joins are refused: target={} "
               "connections={} reason={}"
               " hint=\"it is asked again each second by itself; does its url "
               "answer?\"",
               log_value(settings_->name), lines_.size(),
               json_string(reason_of(what)));
    port_->set_open(false);
  }
}

void hook_target_state::rise() {
  failures_ = 0;
  if (!std::exchange(is_down_, false))
    return;
  next_probe_ = time_point::max();
  log().info("http.target works again: target={}", log_value(settings_->name));
  if (!is_retired_)
    port_->set_open(true);
}

void hook_target_state::probe() {
  next_probe_ = time_point::max();
  is_probing_ = true;
  http_request request;
  request.method = "HEAD";
  request.target = settings_->request_target;
  port_->ask(std::move(request), port_->now() + settings_->timeout,
             [this, number = ++probe_](const hook_result& what) {
               if (number != probe_) // of another server
                 return;
               is_probing_ = false;
               if (!is_silent(what))
                 rise();
               if (is_down_)
                 next_probe_ = port_->now() + hook_probe_interval;
               serve();
             });
}

void hook_target_state::complain(const line_ptr& line, const std::string& why) {
  if (auto left_out = complaints_.allow(why, port_->now()))
    log().warn("http.target failed: target={} pid={} reason={}"
               " hint=\"see the log of the server at its url; on_error closes "
               "or skips\"{}",
               log_value(settings_->name), line->pid().view(), json_string(why),
               suppressed_text(*left_out));
}

// -- time ---------------------------------------------------------------------

void hook_target_state::on_wake() {
  auto now = port_->now();
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    ready_.push_back(std::move(waiting_.begin()->second));
    waiting_.erase(waiting_.begin());
  }
  if (next_probe_ <= now && !is_probing_)
    probe();
  serve();
}

void hook_target_state::update_wake() {
  auto when = next_probe_;
  if (!waiting_.empty())
    when = std::min(when, waiting_.begin()->first);
  if (!ready_.empty() && port_->now() < paused_until_)
    when = std::min(when, paused_until_);
  port_->wake_at(when, [this] { on_wake(); });
}

caf::behavior hook_target(hook_target_actor* self,
                          std::shared_ptr<const http_target_config> settings,
                          std::shared_ptr<std::unique_ptr<hook_port>> port) {
  auto& state = self->state;
  state.start(std::move(settings), std::move(*port));
  self->set_down_handler(
      [&state](caf::down_msg& message) { state.on_down(message); });
  self->set_default_handler(caf::drop);
  return {
      [&state](const ws_join& message) { return state.on_join(message); },
      [&state](const ws_message& message) { return state.on_message(message); },
      [&state](const ws_heartbeat& message) { state.on_heartbeat(message); },
      [&state](const ws_leave& message) { return state.on_leave(message); },
      [](caf::ok_atom) {},
  };
}

} // namespace wsrelay
