// A socket without network: what a client does is queued and told to the
// connection one event at a time; what the connection writes is kept. Ends the
// process when the connection breaks the contract of actors/frame_port.hpp.
#pragma once

#include "actors/frame_port.hpp"
#include "test/kit/simulated_scheduler.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::test {

/// One WebSocket message, as a client sends or receives it.
struct client_message {
  message_type type;
  std::string data;

  bool operator==(const client_message&) const = default;
};

/// Code and reason of a close frame; code 1005 where it carried none.
struct client_close {
  std::uint16_t code;
  std::string reason;

  bool operator==(const client_close&) const = default;
};

/// The port. The client's side returns at once; its effects happen in `step`.
class fake_frame_port final : public frame_port {
public:
  /// How long a close waits for a client that does not read.
  static constexpr milliseconds close_timeout{5'000};

  /// What it does next, where it could do several things, the clock chooses.
  explicit fake_frame_port(simulated_scheduler& clock) : clock_{clock} {}

  // frame_port
  bool attach(frame_sink* sink) override;
  std::uint64_t write(message_type type, const shared_buffer& data,
                      bool notify) override;
  void ask_drained() override;
  std::size_t queued_bytes() const override { return queued_; }
  std::size_t queued_messages() const override { return output_.size(); }
  std::size_t queued_cost() const override {
    return queued_ + output_.size() * queued_message_cost;
  }
  void close(std::uint16_t code, std::string_view reason) override;
  void resume() override;
  void pause() override;
  time_point now() const override { return clock_.now(); }
  void wake_at(time_point when) override;

  // the client's side
  void send(client_message message);
  void send_close(client_close frame);
  /// Ends the client's half of the socket: it may still read.
  void end_output();
  /// Ends the socket in the way of `cause`; nothing written arrives any more.
  void fail(end_cause cause, std::uint16_t code);
  /// Ends the socket now: what was sent and not read is lost, too. `name` is
  /// the fault's in `faults_left`.
  void reset(std::string name = "reset()");
  /// The `nth` write from now on, 1 for the next, breaks the socket, or, with a
  /// delay, waits for so long, and so what comes behind it.
  void fail_write(std::size_t nth, milliseconds delay = {},
                  std::string name = "fail_write");
  void stall() noexcept { stalled_ = true; }
  void read_again() noexcept { stalled_ = false; }

  /// What the client got so far.
  std::vector<client_message>& received() noexcept { return received_; }
  const std::optional<client_close>& close_frame() const noexcept {
    return close_frame_;
  }
  bool is_open() const noexcept { return !done_; }
  bool is_paused() const noexcept { return paused_; }

  /// Returns the names of the faults that have not come true; no more of them
  /// come when they are forgotten.
  std::vector<std::string> faults_left() const;
  void forget_faults();

  /// Does what is next: output, close frame, input; with a seed any of them,
  /// and some of the output. Returns whether there was anything to do.
  bool step();

  /// Returns when something is due: `on_wake`, the close timeout, output that
  /// was delayed; `max()` when nothing is.
  time_point next_wake() const noexcept;

private:
  struct outgoing {
    client_message message;
    bool notify;
    bool breaks = false;
    time_point not_before{};
  };
  struct write_fault {
    std::size_t nth;
    milliseconds delay; // 0 = it breaks
    std::string name;
  };
  struct incoming { // a message, or the end
    std::optional<client_message> message;
    end_cause cause;
    client_close frame;
    bool is_half = false; // the client still reads
  };

  void befall(outgoing& what);
  bool step_output();
  std::uint64_t deliver(std::size_t most);
  bool step_close();
  bool step_input();
  bool tell_hang_up();
  bool step_wake();
  void read_end(const incoming& end);
  void finish(end_cause cause);

  simulated_scheduler& clock_;
  frame_sink* sink_ = nullptr;
  std::deque<incoming> input_;
  std::deque<outgoing> output_;
  std::vector<write_fault> faults_;
  std::vector<std::string> resets_; // that have not come true
  std::size_t queued_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t delivered_ = 0;
  std::vector<client_message> received_;
  std::optional<client_close> close_frame_;
  std::optional<client_close> closing_;
  time_point close_deadline_ = time_point::max();
  time_point wake_ = time_point::max();
  bool paused_ = true;
  bool stalled_ = false;
  bool attached_ = false; // it was, once
  bool hang_up_told_ = false;
  bool ended_ = false; // the client sent its last word, and may still read
  bool gone_ = false;  // the client's end of the socket is closed
  bool done_ = false;
};

} // namespace wsrelay::test
