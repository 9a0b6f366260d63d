// The class behind session.hpp; nobody else includes it.
#pragma once

#include "net/ws/frame_input.hpp"
#include "net/ws/liveness.hpp"
#include "net/ws/message_codec.hpp"
#include "net/ws/pings.hpp"
#include "net/ws/session.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace wsrelay {

/// One WebSocket. Keeps itself for as long as its socket is open.
class ws_session final : public frame_port,
                         public stream_events,
                         public loop_timer,
                         public std::enable_shared_from_this<ws_session> {
public:
  ws_session(loop_context& home, std::unique_ptr<byte_stream> stream,
             std::shared_ptr<const relay_options> options,
             std::unique_ptr<message_codec> codec = nullptr)
      : loop_{home},
        options_{std::move(options)},
        stream_{std::move(stream)},
        codec_{std::move(codec)},
        input_{options_->max_message_size, codec_.get()},
        liveness_{*options_} {}

  /// Answers 101 and lets the acceptor open the connection.
  void start(const std::string& response, admission admitted,
             acceptor_state& acceptor);

  /// Answers 101 and closes.
  void refuse(const std::string& response, std::uint16_t code,
              std::string_view reason);

  // frame_port
  bool attach(frame_sink* sink) override;
  std::uint64_t write(message_type type, const shared_buffer& data,
                      bool notify) override;
  void ask_drained() override;
  std::size_t queued_bytes() const override;
  std::size_t queued_messages() const override;
  std::size_t queued_cost() const override;
  void close(std::uint16_t code, std::string_view reason) override;
  void resume() override;
  void pause() override;
  time_point now() const override;
  void wake_at(time_point when) override;

private:
  enum class phase : std::uint8_t {
    open,
    ended,     // nothing more counts of the client; its connection answers
    closing,   // this side sent a close frame and waits for the client's
    lingering, // no frame is expected, only the client's end of the connection
    done,
  };

  void answer(const std::string& response);

  // input
  void before_input() override;
  std::size_t on_input(std::string_view bytes) override;
  bool may_discard(std::size_t count);
  bool takes_output() const noexcept;
  bool expects_frames() const noexcept;
  void handle(frame_input::event what);
  void deliver(shared_buffer data);
  void on_ping(shared_buffer payload);
  void on_close_frame(const shared_buffer& payload);
  void on_violation();
  void end_input(end_cause cause, std::uint16_t code, std::string_view reason);
  void on_end() override;
  void on_hang_up() override;
  void on_abort() override { finish(end_cause::connection_lost); }

  // output
  void on_sent() override;
  void on_all_sent();

  // end
  void enter(phase next);
  void send_close(std::uint16_t code, std::string_view reason);
  void answer_end(std::uint16_t code, std::string_view reason);
  void linger();
  void finish(end_cause cause, bool in_time = true);
  void tell_closed(end_cause cause);
  void on_released() override;

  // time
  void on_timer() override;
  void on_time();
  void check_liveness(time_point time);
  void update_timer();

  loop_context& loop_;
  std::shared_ptr<const relay_options> options_;
  std::unique_ptr<byte_stream> stream_;   // null once it was released
  std::shared_ptr<ws_session> keep_;      // while the socket is open
  std::unique_ptr<connection_hold> hold_; // as long
  caf::actor actor_; // keeps the connection alive while the socket is open
  frame_sink* sink_ = nullptr;
  phase phase_ = phase::open;
  bool paused_ = true;
  bool is_half_closed_ = false; // the client sends nothing more
  std::uint32_t discarded_ = 0; // bytes
  time_point close_deadline_ = time_point::max();
  time_point wake_ = time_point::max();
  std::unique_ptr<message_codec> codec_; // null: no compression
  frame_input input_;
  liveness liveness_;
  pings pings_;
};

} // namespace wsrelay
