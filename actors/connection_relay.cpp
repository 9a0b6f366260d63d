// A connection towards its client and its owner: what is read, and when.
#include "actors/caf_compat.hpp"
#include "actors/connection.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

namespace {

// Whether the way of this message is to be known: one of so many of an
// endpoint, also where none of its clients says much.
bool is_timed(const relay_counts* counts) {
  constexpr std::uint64_t one_of = 256;
  return counts && counts->messages_in.get() % one_of == 1;
}

} // namespace

// -- to the owner -------------------------------------------------------------

void connection_state::on_frame(message_type type, shared_buffer data) {
  if (closing())
    return;
  if (auto& counts = limits_.counts) {
    counts->messages_in.add();
    counts->bytes_in.add(data.size());
  }
  auto is_enough =
      rate_ && !overruns_ && rate_->count(data.size(), port_->now());
  if (owners_.owner())
    pass_on(type, std::move(data));
  else
    hold(type, std::move(data));
  if (is_enough)
    update_wake();
}

// Of a connection that may be parked each message is asked for, so that what is
// under way is known.
void connection_state::pass_on(message_type type, shared_buffer data) {
  auto asks = owners_.window().send(data.size()) || parking_
              || is_timed(limits_.counts.get());
  if (watch_)
    watch_->on_message(traffic_kind::in, owners_.seq(), type, data);
  if (parking_)
    parking_->on_sent(owners_.epoch(), owners_.seq(), type, data);
  relay(make_message(owners_.seq(), type, std::move(data)), asks);
}

ws_message connection_state::make_message(std::uint64_t seq, message_type type,
                                          shared_buffer data) const {
  return {caf::actor_cast<caf::actor>(self_),
          pid_,
          settings_.message_topic,
          seq,
          type,
          std::move(data),
          settings_.metadata};
}

ws_join connection_state::make_join(const relay_settings& settings) const {
  ws_join result{caf::actor_cast<caf::actor>(self_), pid_, settings.metadata,
                 limits_.subprotocol};
  if (limits_.record && !limits_.record->trace.empty())
    result.traceparent = to_text(limits_.record->trace);
  result.state = limits_.state;
  return result;
}

void connection_state::relay(ws_message message, bool asks) {
  if (!asks) {
    self_->send(owners_.owner(), std::move(message));
  } else {
    auto answered = [this, epoch = owners_.epoch(),
                     until = owners_.window().sent()](const caf::error& error) {
      on_answer(epoch, until, error);
    };
    auto since = limits_.counts ? port_->now() : time_point{};
    // No timeout: the monitor tells of the target's end.
    self_->request(owners_.owner(), caf::infinite, std::move(message))
        .then(
            [this, since, answered] {
              note_answer(since);
              answered({});
            },
            [answered](caf::error& error) { answered(error); });
  }
  if (owners_.window().full() || is_pressed() || is_held_back())
    update_reading();
}

void connection_state::note_answer(time_point since) {
  if (limits_.counts)
    limits_.counts->answers.add(port_->now() - since);
}

// The monitor may tell of the end only after that.
void connection_state::on_answer(std::uint64_t epoch,
                                 const send_window::mark& until,
                                 const caf::error& error) {
  if (error == caf::sec::request_receiver_down) {
    owners_.on_return(epoch, until);
  } else {
    owners_.on_answer(epoch, until);
    if (parking_)
      parking_->on_answered(until.seq);
  }
  update_reading();
}

void connection_state::send_heartbeat() {
  if (!heartbeat_.begin(port_->now()) || !owners_.owner())
    return;
  auto answered = [this, epoch = owners_.epoch()] {
    if (epoch == owners_.epoch())
      heartbeat_.settle();
  };
  auto uptime =
      std::chrono::duration_cast<milliseconds>(port_->now() - started_);
  self_
      ->request(owners_.owner(), caf::infinite,
                ws_heartbeat{caf::actor_cast<caf::actor>(self_), pid_, uptime,
                             owners_.seq(), settings_.metadata})
      .then(answered, [answered](caf::error&) { answered(); });
}

ws_leave connection_state::make_leave(const relay_settings& settings,
                                      const ending& how,
                                      std::uint64_t last_seq) const {
  return {is_unreachable(*self_) ? caf::actor{}
                                 : caf::actor_cast<caf::actor>(self_),
          pid_,
          how.leave,
          how.code,
          how.text,
          last_seq,
          settings.metadata};
}

void connection_state::use(relay_settings settings) {
  settings_ = std::move(settings);
  heartbeat_.set_interval(settings_.heartbeat_interval, port_->now());
  update_wake();
}

// -- from the port ------------------------------------------------------------

void connection_state::on_drained(std::uint64_t count) {
  if (auto& counts = limits_.counts; counts && counts->is_timed(this, count))
    counts->end_write(port_->now());
  output_.waiting().complete(count);
  refill();
}

void connection_state::on_hang_up() {
  if (closing() || overruns_ || overrun_due_ != time_point::max())
    return;
  overrun_due_ = port_->now() + limits_.close_timeout;
  note(flight_event::hung_up);
  update_wake();
}

void connection_state::on_wake() {
  auto now = port_->now();
  if (leaving() && now >= leave_due_)
    close_port();
  if (!closing())
    wake(now);
  update_wake();
}

// Returns whether it goes on: a target that takes nothing all that time loses
// the rest. While there is none that is no reason to end.
bool connection_state::overrun(time_point now) {
  if (overruns_ && owners_.owner()) {
    end(end_cause::connection_lost);
    return false;
  }
  overruns_ = overruns_ || owners_.owner();
  overrun_due_ = now + limits_.close_timeout;
  update_reading();
  return true;
}

void connection_state::wake(time_point now) {
  if (now >= settings_.expires_at)
    return end(end_cause::session_expired, limits_.expiry->code,
               limits_.expiry->reason);
  if (is_parked() && !stays_parked(now))
    return;
  if (now >= overrun_due_ && !overrun(now))
    return;
  if (rate_) {
    rate_->release(now);
    if (rate_->is_over(now)) {
      rate_->count_end();
      return end(end_cause::too_fast);
    }
    update_reading();
  }
  if (now >= claims_.deadline())
    fail_claim(errc::target_silent, end_cause::join_timeout, true,
               "the target did not answer in time");
  if (!closing() && now >= heartbeat_.next())
    send_heartbeat();
}

// What many clients send within their windows may be more than a line takes.
bool connection_state::is_pressed() const {
  return pressure_ && owners_.owner() && *pressure_;
}

// Reads while there is an owner with credit, or room for the next one, and
// nobody was asked to take over.
void connection_state::update_reading() {
  auto has_room = owners_.owner() ? !owners_.window().full() && !is_pressed()
                                  : is_parked() && parking_->has_room();
  auto may_read =
      (has_room && !is_held_back())
      || (overruns_ && owners_.owner() && owners_.window().may_overrun());
  auto wanted = may_read && !claims_.is_asked() && !closing();
  if (wanted == reading_)
    return;
  reading_ = wanted;
  if (wanted)
    port_->resume();
  else
    port_->pause();
  if (!wanted && !closing() && !claims_.is_asked())
    note_pause();
}

// Its target does not keep up, or the client is too fast, or nobody owns it.
void connection_state::note_pause() {
  note(flight_event::paused, owners_.seq());
  if (limits_.counts)
    limits_.counts->pauses.add();
}

void connection_state::update_wake() {
  port_->wake_at(closing() ? leave_due_
                           : std::min({claims_.deadline(), heartbeat_.next(),
                                       overrun_due_, settings_.expires_at,
                                       rate_ ? rate_->due() : time_point::max(),
                                       is_parked() ? parking_->due()
                                                   : time_point::max()}));
}

} // namespace wsrelay
