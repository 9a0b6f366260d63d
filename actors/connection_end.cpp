// How a connection ends: once, with everybody told.
#include "actors/connection.hpp"
#include "actors/log.hpp"
#include "actors/log_limit.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace wsrelay {

// Reached without an ending when the actor was killed or threw: CAF destroys
// the state of an actor that quits before it tells its monitors.
connection_state::~connection_state() {
  if (!port_)
    return;
  if (leaving())
    close_port();
  end(end_cause::killed);
  output_.waiting().fail(make_error(errc::closing));
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
  leave_owner(true);
  update_wake();
}

void connection_state::begin_end(end_cause cause, ending how) {
  ending_ = std::make_unique<const ending>(std::move(how));
  log_end(cause, leave_parking(cause));
  leave_others();
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
    self_->send(owners_.owner(), std::move(leave));
  owners_.clear();
}

void connection_state::leave_others() {
  if (claims_.is_asked()) {
    auto& asked = *claims_.current();
    self_->send(asked.target, make_leave(asked.settings, *ending_, 0));
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
  if (port_closed_)
    return;
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

// Strangers can end as many as they can open: beyond a few of a cause they are
// debug lines, as planned ends are.
void connection_state::log_end(end_cause cause, std::string_view more) const {
  static auto& unplanned = *new log_limit; // actors may end after main
  std::optional<std::uint64_t> left_out;
  auto level = ending_->severity;
  if (level != end_severity::planned)
    left_out =
        unplanned.allow(to_text(cause), std::chrono::steady_clock::now());
  log().log(!left_out                          ? spdlog::level::debug
            : level == end_severity::by_client ? spdlog::level::info
                                               : spdlog::level::warn,
            "connection ended: pid={} client={} cause={} code={} "
            "messages={}{}{}",
            pid_.view(), limits_.remote_address, to_text(cause), ending_->code,
            owners_.seq(), more, suppressed_text(left_out.value_or(0)));
}

} // namespace wsrelay
