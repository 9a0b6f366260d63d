// One WebSocket: what its frames mean, and what goes out.
#include "net/ws/session.hpp"

#include "net/ws/handshake.hpp"
#include "net/ws/session_state.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

namespace {

using event = frame_input::event;

// How much a client may send, beside a message that is under way, once the
// close frame for it is on its way.
constexpr std::size_t max_discarded = 16 * 1024 * 1024;

constexpr auto no_status = static_cast<std::uint16_t>(close_code::no_status);
constexpr auto abnormal = static_cast<std::uint16_t>(close_code::abnormal);

} // namespace

void ws_session::start(const std::string& response, admission admitted,
                       acceptor_state& acceptor) {
  stream_->give_way(false); // those that were let in come first
  answer(response);
  liveness_.start(loop_.now(), stream_->descriptor());
  update_timer();
  hold_ = std::move(admitted.hold);
  actor_ = acceptor.open(
      frame_port_ptr{shared_from_this()}, std::move(admitted.config),
      std::move(admitted.remote_address), std::move(admitted.endpoint));
  if (hold_)
    hold_->on_open(actor_);
}

void ws_session::refuse(const std::string& response, std::uint16_t code,
                        std::string_view reason) {
  answer(response);
  close(code, reason);
}

// A socket may have been dropped before its actor started.
bool ws_session::attach(frame_sink* sink) {
  sink_ = phase_ == phase::done ? nullptr : sink;
  if (!sink) {
    actor_ = nullptr;
    close(1011, {}); // counts only when nobody closed before
  }
  return phase_ != phase::done;
}

std::uint64_t ws_session::write(message_type type, const shared_buffer& data,
                                bool notify) {
  if (!takes_output())
    return 0;
  auto piece = codec_ ? codec_->seal(type, data) : plain_piece(type, data);
  piece.notify = notify;
  stream_->send(std::move(piece));
  return stream_->output().pushed();
}

void ws_session::ask_drained() {
  if (stream_)
    stream_->output().notify_last();
}

std::size_t ws_session::queued_bytes() const {
  return stream_ ? stream_->output().bytes() : 0;
}

std::size_t ws_session::queued_messages() const {
  return stream_ ? stream_->output().messages() : 0;
}

std::size_t ws_session::queued_cost() const {
  return stream_ ? stream_->output().cost() : 0;
}

void ws_session::close(std::uint16_t code, std::string_view reason) {
  if (phase_ == phase::ended)
    return answer_end(code, reason);
  if (phase_ != phase::open)
    return;
  enter(phase::closing);
  if (code == no_status || code == abnormal) { // "no close frame was sent"
    close_deadline_ = loop_.now();
    return update_timer();
  }
  send_close(code, reason);
  stream_->want_input(true);
}

void ws_session::resume() {
  paused_ = false;
  if (phase_ == phase::open)
    stream_->want_input(true);
}

void ws_session::pause() {
  paused_ = true;
  if (phase_ == phase::open)
    stream_->want_input(false);
  if (!stream_ || !stream_->is_broken())
    return;
  close_deadline_ = loop_.now(); // nobody would read its end
  update_timer();
}

time_point ws_session::now() const {
  return stream_ ? loop_.now() : std::chrono::steady_clock::now();
}

void ws_session::wake_at(time_point when) {
  wake_ = when;
  update_timer();
}

void ws_session::answer(const std::string& response) {
  keep_ = shared_from_this();
  stream_->attach(*this);
  stream_->want_input(false);
  stream_->send({shared_buffer{response}, std::nullopt, false});
}

void ws_session::before_input() {
  if (sink_ && phase_ == phase::open)
    sink_->before_input();
}

std::size_t ws_session::on_input(std::string_view bytes) {
  if (phase_ != phase::open && !may_discard(bytes.size()))
    return bytes.size();
  liveness_.hear(loop_);
  auto rest = bytes;
  input_.begin();
  while (!rest.empty() && expects_frames() && !input_.has_enough())
    handle(input_.next(rest, phase_ == phase::open));
  return phase_ == phase::open ? bytes.size() - rest.size() : bytes.size();
}

bool ws_session::may_discard(std::size_t count) {
  discarded_ += static_cast<std::uint32_t>(count); // a read, or less
  auto allowed = discarded_ <= max_discarded + options_->max_message_size;
  if (!allowed)
    finish(end_cause::connection_lost);
  return allowed;
}

bool ws_session::takes_output() const noexcept {
  return phase_ == phase::open || phase_ == phase::ended;
}

bool ws_session::expects_frames() const noexcept {
  return phase_ == phase::closing || (phase_ == phase::open && !paused_);
}

void ws_session::handle(event what) {
  switch (what) {
    case event::none:
    case event::pong: // liveness asks the kernel
      break;
    case event::message:
      return deliver(input_.take());
    case event::ping:
      return on_ping(input_.take());
    case event::close:
      return on_close_frame(input_.take());
    case event::failed:
      return on_violation();
  }
}

void ws_session::deliver(shared_buffer data) {
  if (sink_)
    sink_->on_frame(input_.is_text() ? message_type::text
                                     : message_type::binary,
                    std::move(data));
}

void ws_session::on_ping(shared_buffer payload) {
  if (takes_output())
    pings_.answer(*stream_, std::move(payload));
}

void ws_session::on_close_frame(const shared_buffer& payload) {
  auto code = static_cast<std::uint16_t>(close_frame_code(payload.view()));
  auto reason = payload.view().substr(std::min<std::size_t>(payload.size(), 2));
  if (phase_ == phase::open)
    end_input(end_cause::client_closed, code, reason);
  else
    linger();
}

void ws_session::on_violation() {
  auto code = static_cast<std::uint16_t>(input_.error());
  if (phase_ == phase::open)
    end_input(end_cause::protocol_error, code, input_.reason());
  else
    linger();
}

// Everything before it was handled. The connection closes once its target
// has answered that.
void ws_session::end_input(end_cause cause, std::uint16_t code,
                           std::string_view reason) {
  enter(phase::ended);
  stream_->want_input(false);
  sink_->on_end(cause, code, reason);
}

// A client that only ended its half may still read.
void ws_session::on_end() {
  is_half_closed_ = true;
  if (phase_ == phase::open && sink_ && !stream_->is_broken())
    return end_input(end_cause::connection_lost, 0, {});
  auto is_closing = phase_ == phase::closing || phase_ == phase::lingering;
  if (is_closing && !stream_->output().empty())
    return linger();
  finish(end_cause::connection_lost);
}

// It ended its half behind input that nobody reads.
void ws_session::on_hang_up() {
  if (phase_ == phase::open && sink_)
    sink_->on_hang_up();
}

void ws_session::on_sent() {
  if (takes_output())
    pings_.on_sent(*stream_);
  if (auto number = stream_->output().take_notice(); number > 0 && sink_)
    sink_->on_drained(number);
  // While nothing is read nobody notices that the socket broke.
  auto is_read = phase_ == phase::open ? !paused_ : phase_ != phase::ended;
  if (stream_->is_broken() && !is_read)
    return finish(end_cause::connection_lost);
  if (phase_ == phase::lingering && stream_->output().empty())
    on_all_sent();
}

// The actor's end; the socket stays for the client's.
void ws_session::on_all_sent() {
  tell_closed(end_cause::connection_lost);
  if (is_half_closed_)
    finish(end_cause::connection_lost);
}

void start_ws_session(loop_context& home, std::unique_ptr<byte_stream> stream,
                      std::string_view key, admission admitted,
                      acceptor_state& acceptor,
                      const std::shared_ptr<deflate_pool>& pool) {
  auto response = make_switching_protocols(key, admitted.headers);
  auto codec = admitted.deflate ? std::make_unique<message_codec>(
                   *admitted.deflate, *admitted.options, pool)
                                : nullptr;
  auto session = std::make_shared<ws_session>(
      home, std::move(stream), admitted.options, std::move(codec));
  session->start(response, std::move(admitted), acceptor);
}

void refuse_ws_session(loop_context& home, std::unique_ptr<byte_stream> stream,
                       std::string_view key, const refused_upgrade& refused) {
  std::make_shared<ws_session>(home, std::move(stream), refused.options)
      ->refuse(make_switching_protocols(key, refused.headers), refused.code,
               refused.reason);
}

} // namespace wsrelay
