// How a connection ends: once, with everybody told.
#include "actors/caf_compat.hpp"
#include "actors/connection.hpp"
#include "actors/log.hpp"
#include "actors/log_limit.hpp"
#include "actors/unix_time.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

namespace wsrelay {

// Reached without an ending when the actor was killed or threw: CAF destroys
// the state of an actor that quits before it tells its monitors. Or nobody had
// the actor any more, as where a node had to give up its connections.
connection_state::~connection_state() {
  if (!port_)
    return;
  if (is_unreachable(*self_))
    watch_.reset();
  if (leaving())
    close_port();
  end(end_cause::killed);
  output_.waiting().fail(make_error(errc::closing));
  if (is_counted_)
    limits_.counts->phases[static_cast<std::size_t>(phase_)].sub();
  if (limits_.counts)
    limits_.counts->forget_write(this);
  port_->attach(nullptr);
}

// At once.
void connection_state::end(end_cause cause, std::uint16_t code,
                           std::string_view text, caf::error exit) {
  if (leaving())
    return close_port(); // nobody waits for the last answers any more
  if (closing())
    return;
  begin_end(cause, make_ending(cause, code, text, std::move(exit)));
  leave_owner(false);
  close_port();
}

// Once the target has answered what came before.
void connection_state::on_end(end_cause cause, std::uint16_t code,
                              std::string_view text) {
  if (closing())
    return;
  begin_end(cause, make_ending(cause, code, text));
  if (!owners_.owner())
    return close_port();
  leave_due_ =
      port_->now() + std::min(limits_.close_timeout / 2, max_last_answers);
  note(flight_event::leaving, std::uint64_t{ending_->code});
  note_phase();
  leave_owner(true);
  update_wake();
}

void connection_state::begin_end(end_cause cause, ending how) {
  ending_ = std::make_unique<const ending>(std::move(how));
  if (limits_.counts)
    limits_.counts
        ->ended[static_cast<std::size_t>(cause)][close_code_kind(ending_->code)]
        .add();
  if (limits_.record)
    limits_.record->finish(
        {cause, ending_->code, ending_->text, unix_time(), numbers()});
  leave_others(); // before its last words join one of them
  log_end(cause, leave_parking(cause));
  claims_.fail(errc::closing);
  update_reading();
}

// Its answer tells that everything before has been handled; so does its end.
void connection_state::leave_owner(bool awaits_answers) {
  if (!owners_.owner())
    return;
  auto leave = make_leave(settings_, *ending_, owners_.last_owned_seq());
  forget(owners_.owner());
  if (awaits_answers)
    self_->request(owners_.owner(), caf::infinite, std::move(leave))
        .then([this] { end_leaving(); },
              [this](caf::error&) { end_leaving(); });
  else
    send_leave(owners_.owner(), std::move(leave));
  owners_.clear();
}

void connection_state::send_leave(const caf::actor& target, ws_leave leave) {
  if (!is_unreachable(*self_))
    return self_->send(target, std::move(leave));
  caf::anon_send(target, std::move(leave));
}

void connection_state::leave_others() {
  if (claims_.is_asked()) {
    auto& asked = *claims_.current();
    send_leave(asked.target, make_leave(asked.settings, *ending_, 0));
    forget(asked.target);
  }
  for (auto& former : owners_.former())
    self_->demonitor(former.target);
}

void connection_state::end_leaving() {
  if (leaving())
    close_port();
}

void connection_state::close_port() {
  leave_due_ = time_point::max();
  if (watch_)
    watch_->on_end(*ending_);
  watch_.reset();
  update_wake();
  note_phase();
  if (port_closed_)
    return;
  note(flight_event::closing, std::uint64_t{ending_->code});
  refill(true);
  port_->close(ending_->code, ending_->text);
}

// CAF 0.17.6 never cleans up an actor that quits outside of a message: the port
// calls from there.
void connection_state::on_closed(end_cause cause) {
  port_closed_ = true;
  output_.waiting().fail(make_error(errc::connection_lost));
  fail_waiting(errc::connection_lost);
  end(cause);
  note(flight_event::closed);
  if (limits_.record && limits_.record->end) { // its target was the last one
    auto target = std::move(limits_.record->end->numbers.target_pid);
    limits_.record->end->numbers = numbers();
    limits_.record->end->numbers.target_pid = std::move(target);
  }
  self_->send(self_, connection_finished{});
}

void connection_state::on_finished(connection_finished) {
  if (port_closed_)
    self_->quit(ending_->exit);
}

// What never reached the port.
void connection_state::fail_waiting(errc why) {
  if (auto all = std::exchange(waiting_, nullptr))
    while (auto next = all->pop())
      if (next->who)
        next->who->deliver(make_error(why));
}

// What led to an end that nobody has planned, and the trace of its request.
std::string connection_state::record_text(end_severity level) const {
  if (!limits_.record)
    return {};
  std::string result;
  if (auto& trace = limits_.record->trace; !trace.empty())
    result = " trace=" + trace_text(trace);
  if (level == end_severity::unplanned)
    result += fmt::format(" record=\"{}\"", limits_.record->line());
  return result;
}

namespace {

// What to do about the ends that are warnings.
std::string_view hint_of(end_cause cause) noexcept {
  switch (cause) {
    case end_cause::target_crashed:
      return "see the target's own log at this time";
    case end_cause::target_lost:
      return "its node is gone: the part cluster of the log says why";
    case end_cause::target_overloaded:
      return "the target has too much to do: see its own log, share its work";
    case end_cause::join_refused:
      return "the target wants it so: see its own log";
    case end_cause::join_timeout:
      return "is the target held? else raise wsrelay.join.timeout";
    case end_cause::exited:
      return "an actor that it is linked to has ended, or has ended it";
    case end_cause::killed:
      return "killed by an actor, or a fault: see errors before it";
    default:
      return {};
  }
}

std::string end_hint_part(end_severity level, end_cause cause) {
  if (level != end_severity::unplanned)
    return {};
  return fmt::format(" hint=\"{}\"", hint_of(cause));
}

} // namespace

// Strangers can end as many as they can open: beyond a few of a cause they are
// debug lines, as planned ends are.
void connection_state::log_end(end_cause cause, std::string_view more) const {
  static auto& unplanned = *new log_limit; // actors may end after main
  std::optional<std::uint64_t> left_out;
  auto level = ending_->severity;
  if (level != end_severity::planned)
    left_out =
        unplanned.allow(to_text(cause), std::chrono::steady_clock::now());
  log(log_part::connection)
      .log(!left_out                          ? spdlog::level::debug
           : level == end_severity::by_client ? spdlog::level::info
                                              : spdlog::level::warn,
           "connection ended: pid={} client={} cause={} code={} "
           "messages={}{}{}{}{}",
           pid_.view(), limits_.remote_address, to_text(cause), ending_->code,
           owners_.seq(), more, end_hint_part(level, cause), record_text(level),
           suppressed_text(left_out.value_or(0)));
}

} // namespace wsrelay
