// How a connection ends: once, with everybody told.
#include "actors/connection.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/log_limit.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <optional>

namespace wsrelay {

// Reached without an ending when the actor was killed or threw: CAF destroys
// the state of an actor that quits before it tells its monitors.
connection_state::~connection_state() {
  if (!port_)
    return;
  if (!closing())
    end(end_cause::killed);
  fail_requests(errc::closing);
  pending_writes_.fail(make_error(errc::closing));
  port_->attach(nullptr);
}

void connection_state::end(end_cause cause, std::uint16_t code,
                           std::string_view text, caf::error exit) {
  if (closing())
    return;
  ending_ = make_ending(cause, code, text, std::move(exit));
  log_end(cause, *ending_);
  leave_targets(*ending_);
  if (watch_)
    watch_->on_end(*ending_);
  watch_.reset();
  fail_requests(errc::closing);
  update_reading();
  update_wake();
  if (!port_closed_)
    port_->close(ending_->code, ending_->text);
}

void connection_state::leave_targets(const ending& how) {
  if (owner_) {
    send_leave(owner_, settings_, how, last_owned_seq());
    forget(owner_);
    owner_ = nullptr;
  }
  if (claim_ && claim_->target) {
    send_leave(claim_->target, claim_->settings, how, 0);
    forget(claim_->target);
  }
  for (auto& former : former_owners_)
    self_->demonitor(former.target);
  former_owners_.clear();
}

void connection_state::fail_requests(errc code) {
  if (claim_ && claim_->requester)
    claim_->requester->deliver(make_error(code));
  claim_.reset();
  for (auto& waiting : waiting_controls_)
    if (waiting.requester)
      waiting.requester->deliver(make_error(code));
  waiting_controls_.clear();
}

void connection_state::on_closed(end_cause cause, std::uint16_t code,
                                 std::string_view text) {
  port_closed_ = true;
  pending_writes_.fail(make_error(errc::connection_lost));
  end(cause, code, text);
  finish();
}

// The port calls from outside of a message, and CAF 0.17.6 never cleans up an
// actor that quits there: it has to happen in a handler.
void connection_state::finish() {
  self_->send(self_, connection_finished{});
}

void connection_state::on_finished() {
  if (port_closed_)
    self_->quit(ending_->exit);
}

// Strangers can end as many as they can open: beyond a few of a cause they are
// debug lines, as planned ends are.
void connection_state::log_end(end_cause cause, const ending& how) const {
  static auto& unexpected = *new log_limit; // actors may end after main
  std::optional<std::uint64_t> left_out;
  if (how.unexpected)
    left_out =
        unexpected.allow(to_text(cause), std::chrono::steady_clock::now());
  auto level = left_out ? spdlog::level::warn : spdlog::level::debug;
  log().log(level, "connection ended: pid={} cause={} code={} messages={}{}",
            pid_.view(), to_text(cause), how.code, seq_,
            suppressed_text(left_out.value_or(0)));
}

} // namespace wsrelay
