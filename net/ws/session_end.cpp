// How a WebSocket ends, and when it is dead.
#include "net/loop/guard.hpp"
#include "net/ws/session_state.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

namespace {

constexpr auto no_close_frame =
    static_cast<std::uint16_t>(close_code::abnormal);

} // namespace

void ws_session::enter(phase next) {
  phase_ = next;
  if (close_deadline_ == time_point::max())
    close_deadline_ = loop_.now() + options_->close_timeout;
  update_timer();
}

void ws_session::send_close(std::uint16_t code, std::string_view reason) {
  stream_->send({make_close_payload(code, reason), opcode::close, false});
}

// The client's close frame is answered with its code, and with none when it
// had none (RFC 6455 section 5.5.1).
void ws_session::answer_end(std::uint16_t code, std::string_view reason) {
  pings_.settle(*stream_);
  if (code == no_close_frame)
    send_close(1002, "no close frame came");
  else
    send_close(code, reason.empty() ? "closed by the client" : reason);
  linger();
}

// Both sides know. Whoever closes a socket with unread input resets the
// connection and may destroy the close frame on its way, so the client's end
// is awaited (RFC 6455 section 7.1.1).
void ws_session::linger() {
  phase_ = phase::lingering;
  stream_->end_output();
  stream_->want_input(!is_half_closed_);
}

void ws_session::finish(end_cause cause, bool in_time) {
  if (phase_ == phase::done)
    return;
  phase_ = phase::done;
  loop_.set_timer(*this, time_point::max());
  in_time ? stream_->close() : stream_->cut_off();
  hold_.reset();
  tell_closed(cause);
  actor_ = nullptr;
}

void ws_session::tell_closed(end_cause cause) {
  if (auto* sink = std::exchange(sink_, nullptr))
    sink->on_closed(cause);
}

// From now on neither the stream nor the loop is touched: the actor may have
// to end elsewhere, when the loop is gone.
void ws_session::on_released() {
  auto last = std::move(keep_);
  stream_.reset();
  codec_.reset(); // its pool is the loop's
}

void ws_session::on_timer() {
  guarded(
      "WebSocket timer", [this] { on_time(); },
      [this] { finish(end_cause::connection_lost); });
}

void ws_session::on_time() {
  auto time = loop_.now();
  if (time >= close_deadline_)
    return finish(end_cause::connection_lost, false);
  if (phase_ == phase::open && time >= liveness_.next())
    check_liveness(time);
  if (time >= wake_) {
    wake_ = time_point::max();
    if (sink_)
      sink_->on_wake();
  }
  update_timer();
}

void ws_session::check_liveness(time_point time) {
  // Behind input that nobody reads a client may wait for its close.
  if (paused_ && sink_ && input_.sees_close(stream_->peek_input()))
    sink_->on_hang_up();
  auto& output = stream_->output();
  switch (liveness_.check(
      time, stream_->descriptor(), paused_,
      {output.bytes_taken() + output.bytes(), acknowledged(*stream_)})) {
    case liveness::verdict::alive:
      break;
    case liveness::verdict::ping:
      pings_.ask(*stream_);
      break;
    case liveness::verdict::dead:
      finish(end_cause::timeout, false);
      break;
  }
}

void ws_session::update_timer() {
  if (phase_ == phase::done)
    return;
  auto liveness_due =
      phase_ == phase::open ? liveness_.next() : time_point::max();
  loop_.set_timer(*this, std::min({wake_, close_deadline_, liveness_due}));
}

} // namespace wsrelay
