// One WebSocket: what its frames mean, how it closes, when it is dead.
#include "net/ws/session.hpp"

#include "net/loop/guard.hpp"
#include "net/ws/handshake.hpp"
#include "net/ws/liveness.hpp"
#include "protocol/message_reader.hpp"

#include <caf/all.hpp>

#include <memory>
#include <utility>

namespace wsrelay {

namespace {

using event = message_reader::event;

// Pongs that wait for a client that sends pings and reads nothing.
constexpr std::size_t max_waiting_pieces = 64;

constexpr auto no_status = static_cast<std::uint16_t>(close_code::no_status);
constexpr auto abnormal = static_cast<std::uint16_t>(close_code::abnormal);

opcode to_opcode(message_type type) noexcept {
  return type == message_type::text ? opcode::text : opcode::binary;
}

class ws_session final : public frame_port,
                         public stream_events,
                         public loop_timer,
                         public std::enable_shared_from_this<ws_session> {
public:
  ws_session(loop_context& home, std::unique_ptr<byte_stream> stream,
             std::shared_ptr<const relay_options> options)
      : loop_{home},
        options_{std::move(options)},
        stream_{std::move(stream)},
        reader_{options_->max_message_size},
        liveness_{options_->ping_interval, options_->pong_timeout} {}

  void start(const std::string& response, admission admitted,
             acceptor_state& acceptor) {
    keep_ = shared_from_this();
    stream_->attach(*this);
    stream_->want_input(false);
    stream_->send({shared_buffer{response}, std::nullopt, false});
    liveness_.start(loop_.now());
    update_timer();
    actor_ = acceptor.open(
        frame_port_ptr{shared_from_this()}, std::move(admitted.config),
        std::move(admitted.remote_address), std::move(admitted.endpoint));
  }

  // -- frame_port -------------------------------------------------------------

  void attach(frame_sink* sink) override {
    sink_ = sink;
    if (sink) {
      if (phase_ == phase::done) // dropped before its actor started
        loop_.set_timer(*this, loop_.now());
      return;
    }
    actor_ = nullptr;
    close(1011, {}); // counts only when nobody closed before
  }

  std::uint64_t write(message_type type, const shared_buffer& data,
                      bool notify) override {
    if (phase_ == phase::open)
      stream_->send({data, to_opcode(type), notify});
    return stream_->output().pushed();
  }

  std::size_t queued_bytes() const override {
    return stream_->output().bytes();
  }

  std::size_t queued_messages() const override {
    return stream_->output().messages();
  }

  void close(std::uint16_t code, std::string_view reason) override {
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

  void resume() override {
    paused_ = false;
    if (phase_ == phase::open)
      stream_->want_input(true);
  }

  void pause() override {
    paused_ = true;
    if (phase_ == phase::open)
      stream_->want_input(false);
    if (!stream_->is_broken())
      return;
    close_deadline_ = loop_.now(); // nobody would read its end
    update_timer();
  }

  time_point now() const override { return loop_.now(); }

  void wake_at(time_point when) override {
    wake_ = when;
    update_timer();
  }

private:
  // Closing: this side sent a close frame and waits for the client's.
  // Lingering: no frame is expected any more, only the client's end of the
  // connection.
  enum class phase : std::uint8_t { open, closing, lingering, done };

  // -- input ------------------------------------------------------------------

  std::size_t on_input(std::string_view bytes) override {
    auto rest = bytes;
    while (!rest.empty() && expects_frames())
      handle(reader_.next(rest));
    return phase_ == phase::open ? bytes.size() - rest.size() : bytes.size();
  }

  bool expects_frames() const noexcept {
    return phase_ == phase::closing || (phase_ == phase::open && !paused_);
  }

  void handle(event what) {
    switch (what) {
      case event::none:
      case event::pong: // liveness asks the kernel
        break;
      case event::message:
        return deliver(reader_.take());
      case event::ping:
        return answer_ping(reader_.take());
      case event::close:
        return on_close_frame(reader_.take());
      case event::failed:
        return on_violation(reader_.error());
    }
  }

  void deliver(shared_buffer data) {
    if (sink_ && phase_ == phase::open)
      sink_->on_frame(reader_.is_text() ? message_type::text
                                        : message_type::binary,
                      std::move(data));
  }

  // Only the last one of several pings needs an answer (RFC 6455 section
  // 5.5.3): behind output that the client does not read one waits.
  void answer_ping(shared_buffer payload) {
    if (phase_ != phase::open)
      return;
    owed_pong_.reset();
    if (stream_->output().size() < max_waiting_pieces)
      return stream_->send({std::move(payload), opcode::pong, false});
    owed_pong_ = std::make_unique<shared_buffer>(std::move(payload));
  }

  void on_close_frame(const shared_buffer& payload) {
    auto code = static_cast<std::uint16_t>(close_frame_code(payload.view()));
    auto reason =
        payload.view().substr(std::min<std::size_t>(payload.size(), 2));
    if (phase_ == phase::open) {
      enter(phase::lingering);
      tell_closed(end_cause::client_closed, code, reason);
      send_close(code == no_status ? 1000 : code, {});
    }
    linger();
  }

  void on_violation(close_code why) {
    auto code = static_cast<std::uint16_t>(why);
    if (phase_ == phase::open) {
      enter(phase::lingering);
      tell_closed(end_cause::protocol_error, code, {});
      send_close(code, {});
    }
    linger();
  }

  void on_end() override { finish(end_cause::connection_lost); }
  void on_abort() override { finish(end_cause::connection_lost); }

  // -- output -----------------------------------------------------------------

  void on_sent() override {
    if (stream_->output().size() < max_waiting_pieces)
      if (auto owed = std::exchange(owed_pong_, nullptr))
        answer_ping(std::move(*owed));
    if (auto number = stream_->output().take_notice(); number > 0 && sink_)
      sink_->on_drained(number);
    // While nothing is read nobody notices that the socket broke.
    if (stream_->is_broken() && paused_ && phase_ == phase::open)
      finish(end_cause::connection_lost);
  }

  // -- end --------------------------------------------------------------------

  void enter(phase next) {
    phase_ = next;
    if (close_deadline_ == time_point::max())
      close_deadline_ = loop_.now() + options_->close_timeout;
    update_timer();
  }

  void send_close(std::uint16_t code, std::string_view reason) {
    stream_->send({make_close_payload(code, reason), opcode::close, false});
  }

  // Both sides know. Whoever closes a socket with unread input resets the
  // connection and may destroy the close frame on its way, so the client's end
  // is awaited (RFC 6455 section 7.1.1).
  void linger() {
    phase_ = phase::lingering;
    stream_->end_output();
    stream_->want_input(true);
  }

  void finish(end_cause cause) {
    if (phase_ == phase::done)
      return;
    phase_ = phase::done;
    loop_.set_timer(*this, time_point::max());
    stream_->close();
    tell_closed(cause, 0, {});
    actor_ = nullptr;
  }

  // The actor's end; the socket may stay for a while.
  void tell_closed(end_cause cause, std::uint16_t code,
                   std::string_view reason) {
    if (auto* sink = std::exchange(sink_, nullptr))
      sink->on_closed(cause, code, reason);
  }

  void on_released() override { keep_.reset(); }

  // -- time -------------------------------------------------------------------

  void on_timer() override {
    guarded(
        "WebSocket timer", [this] { on_time(); },
        [this] { finish(end_cause::connection_lost); });
  }

  void on_time() {
    if (phase_ == phase::done)
      return tell_closed(end_cause::connection_lost, 0, {});
    auto time = loop_.now();
    if (time >= close_deadline_)
      return finish(end_cause::connection_lost);
    if (phase_ == phase::open && time >= liveness_.next())
      check_liveness(time);
    if (time >= wake_) {
      wake_ = time_point::max();
      if (sink_)
        sink_->on_wake();
    }
    update_timer();
  }

  void check_liveness(time_point time) {
    switch (liveness_.check(time, stream_->descriptor(), paused_)) {
      case liveness::verdict::alive:
        break;
      case liveness::verdict::ping:
        // One that waits behind output that the client does not read is enough.
        if (stream_->output().all_gone() >= last_ping_) {
          stream_->send({shared_buffer{}, opcode::ping, false});
          last_ping_ = stream_->output().all_pushed();
        }
        break;
      case liveness::verdict::dead:
        finish(end_cause::timeout);
        break;
    }
  }

  void update_timer() {
    if (phase_ == phase::done)
      return;
    auto liveness_due =
        phase_ == phase::open ? liveness_.next() : time_point::max();
    loop_.set_timer(*this, std::min({wake_, close_deadline_, liveness_due}));
  }

  loop_context& loop_;
  std::shared_ptr<const relay_options> options_;
  std::unique_ptr<byte_stream> stream_;
  std::shared_ptr<ws_session> keep_; // while the socket is open
  caf::actor actor_; // keeps the connection alive while the socket is open
  frame_sink* sink_ = nullptr;
  std::unique_ptr<shared_buffer> owed_pong_;
  phase phase_ = phase::open;
  bool paused_ = true;
  std::uint64_t last_ping_ = 0; // number of its piece
  time_point close_deadline_ = time_point::max();
  time_point wake_ = time_point::max();
  message_reader reader_;
  liveness liveness_;
};

} // namespace

void start_ws_session(loop_context& home, std::unique_ptr<byte_stream> stream,
                      std::string_view key, admission admitted,
                      acceptor_state& acceptor) {
  auto response = make_switching_protocols(key, admitted.headers);
  auto session =
      std::make_shared<ws_session>(home, std::move(stream), admitted.options);
  session->start(response, std::move(admitted), acceptor);
}

} // namespace wsrelay
