// One WebSocket: what its frames mean, how it closes, when it is dead.
#include "net/ws/session.hpp"

#include "net/loop/guard.hpp"
#include "net/ws/handshake.hpp"
#include "net/ws/liveness.hpp"
#include "net/ws/pings.hpp"
#include "protocol/message_reader.hpp"

#include <caf/all.hpp>

#include <memory>
#include <utility>

namespace wsrelay {

namespace {

using event = message_reader::event;

// How much a client may send, beside a message that is under way, once the
// close frame for it is on its way.
constexpr std::size_t max_discarded = 16 * 1024 * 1024;

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
        liveness_{*options_} {}

  void start(const std::string& response, admission admitted,
             acceptor_state& acceptor) {
    keep_ = shared_from_this();
    stream_->attach(*this);
    stream_->give_way(false); // those that were let in come first
    stream_->want_input(false);
    stream_->send({shared_buffer{response}, std::nullopt, false});
    liveness_.start(loop_.now());
    update_timer();
    actor_ = acceptor.open(
        frame_port_ptr{shared_from_this()}, std::move(admitted.config),
        std::move(admitted.remote_address), std::move(admitted.endpoint));
  }

  // -- frame_port -------------------------------------------------------------

  // A socket may have been dropped before its actor started.
  bool attach(frame_sink* sink) override {
    sink_ = phase_ == phase::done ? nullptr : sink;
    if (!sink) {
      actor_ = nullptr;
      close(1011, {}); // counts only when nobody closed before
    }
    return phase_ != phase::done;
  }

  std::uint64_t write(message_type type, const shared_buffer& data,
                      bool notify) override {
    if (!takes_output())
      return 0;
    stream_->send({data, to_opcode(type), notify});
    return stream_->output().pushed();
  }

  std::size_t queued_bytes() const override {
    return stream_ ? stream_->output().bytes() : 0;
  }

  std::size_t queued_messages() const override {
    return stream_ ? stream_->output().messages() : 0;
  }

  std::size_t queued_cost() const override {
    return stream_ ? stream_->output().cost() : 0;
  }

  void close(std::uint16_t code, std::string_view reason) override {
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

  void resume() override {
    paused_ = false;
    if (phase_ == phase::open)
      stream_->want_input(true);
  }

  void pause() override {
    paused_ = true;
    if (phase_ == phase::open)
      stream_->want_input(false);
    if (!stream_ || !stream_->is_broken())
      return;
    close_deadline_ = loop_.now(); // nobody would read its end
    update_timer();
  }

  time_point now() const override {
    return stream_ ? loop_.now() : std::chrono::steady_clock::now();
  }

  void wake_at(time_point when) override {
    wake_ = when;
    update_timer();
  }

private:
  enum class phase : std::uint8_t {
    open,
    ended,     // nothing more counts of the client; its connection answers
    closing,   // this side sent a close frame and waits for the client's
    lingering, // no frame is expected, only the client's end of the connection
    done,
  };

  // -- input ------------------------------------------------------------------

  void before_input() override {
    if (sink_ && phase_ == phase::open)
      sink_->before_input();
  }

  std::size_t on_input(std::string_view bytes) override {
    if (phase_ != phase::open && !may_discard(bytes.size()))
      return bytes.size();
    auto rest = bytes;
    while (!rest.empty() && expects_frames())
      handle(reader_.next(rest));
    return phase_ == phase::open ? bytes.size() - rest.size() : bytes.size();
  }

  bool may_discard(std::size_t count) {
    discarded_ += static_cast<std::uint32_t>(count); // a read, or less
    auto allowed = discarded_ <= max_discarded + options_->max_message_size;
    if (!allowed)
      finish(end_cause::connection_lost);
    return allowed;
  }

  bool takes_output() const noexcept {
    return phase_ == phase::open || phase_ == phase::ended;
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
        return on_ping(reader_.take());
      case event::close:
        return on_close_frame(reader_.take());
      case event::failed:
        return on_violation();
    }
  }

  void deliver(shared_buffer data) {
    if (sink_ && phase_ == phase::open)
      sink_->on_frame(reader_.is_text() ? message_type::text
                                        : message_type::binary,
                      std::move(data));
  }

  void on_ping(shared_buffer payload) {
    if (takes_output())
      pings_.answer(*stream_, std::move(payload));
  }

  void on_close_frame(const shared_buffer& payload) {
    auto code = static_cast<std::uint16_t>(close_frame_code(payload.view()));
    auto reason =
        payload.view().substr(std::min<std::size_t>(payload.size(), 2));
    if (phase_ == phase::open)
      end_input(end_cause::client_closed, code, reason);
    else
      linger();
  }

  void on_violation() {
    auto code = static_cast<std::uint16_t>(reader_.error());
    if (phase_ == phase::open)
      end_input(end_cause::protocol_error, code, reader_.reason());
    else
      linger();
  }

  // Everything before it was handled. The connection closes once its target
  // has answered that.
  void end_input(end_cause cause, std::uint16_t code, std::string_view reason) {
    enter(phase::ended);
    stream_->want_input(false);
    sink_->on_end(cause, code, reason);
  }

  // A client that only ended its half may still read.
  void on_end() override {
    is_half_closed_ = true;
    if (phase_ == phase::open && sink_ && !stream_->is_broken())
      return end_input(end_cause::connection_lost, 0, {});
    auto is_closing = phase_ == phase::closing || phase_ == phase::lingering;
    if (is_closing && !stream_->output().empty())
      return linger();
    finish(end_cause::connection_lost);
  }

  // It ended its half behind input that nobody reads.
  void on_hang_up() override {
    if (phase_ == phase::open && sink_)
      sink_->on_hang_up();
  }

  void on_abort() override { finish(end_cause::connection_lost); }

  // -- output -----------------------------------------------------------------

  void on_sent() override {
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
  void on_all_sent() {
    tell_closed(end_cause::connection_lost);
    if (is_half_closed_)
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

  // The client's close frame is answered with its code, and with none when it
  // had none (RFC 6455 section 5.5.1).
  void answer_end(std::uint16_t code, std::string_view reason) {
    pings_.settle(*stream_);
    if (code == abnormal)
      send_close(1002, "no close frame came");
    else
      send_close(code, reason.empty() ? "closed by the client" : reason);
    linger();
  }

  // Both sides know. Whoever closes a socket with unread input resets the
  // connection and may destroy the close frame on its way, so the client's end
  // is awaited (RFC 6455 section 7.1.1).
  void linger() {
    phase_ = phase::lingering;
    stream_->end_output();
    stream_->want_input(!is_half_closed_);
  }

  void finish(end_cause cause, bool in_time = true) {
    if (phase_ == phase::done)
      return;
    phase_ = phase::done;
    loop_.set_timer(*this, time_point::max());
    in_time ? stream_->close() : stream_->cut_off();
    tell_closed(cause);
    actor_ = nullptr;
  }

  void tell_closed(end_cause cause) {
    if (auto* sink = std::exchange(sink_, nullptr))
      sink->on_closed(cause);
  }

  // From now on neither the stream nor the loop is touched: the actor may have
  // to end elsewhere, when the loop is gone.
  void on_released() override {
    auto last = std::move(keep_);
    stream_.reset();
  }

  // -- time -------------------------------------------------------------------

  void on_timer() override {
    guarded(
        "WebSocket timer", [this] { on_time(); },
        [this] { finish(end_cause::connection_lost); });
  }

  void on_time() {
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

  void check_liveness(time_point time) {
    // Behind input that nobody reads a client may wait for its close.
    if (paused_ && sink_ && reader_.sees_close(stream_->peek_input()))
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

  void update_timer() {
    if (phase_ == phase::done)
      return;
    auto liveness_due =
        phase_ == phase::open ? liveness_.next() : time_point::max();
    loop_.set_timer(*this, std::min({wake_, close_deadline_, liveness_due}));
  }

  loop_context& loop_;
  std::shared_ptr<const relay_options> options_;
  std::unique_ptr<byte_stream> stream_; // null once it was released
  std::shared_ptr<ws_session> keep_;    // while the socket is open
  caf::actor actor_; // keeps the connection alive while the socket is open
  frame_sink* sink_ = nullptr;
  phase phase_ = phase::open;
  bool paused_ = true;
  bool is_half_closed_ = false; // the client sends nothing more
  std::uint32_t discarded_ = 0; // bytes
  time_point close_deadline_ = time_point::max();
  time_point wake_ = time_point::max();
  message_reader reader_;
  liveness liveness_;
  pings pings_;
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
