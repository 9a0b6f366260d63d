// A stream in memory and a loop in simulated time: HTTP without a socket.
#pragma once

#include "net/loop/byte_stream.hpp"
#include "net/loop/loop_context.hpp"

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::test {

/// Time stands still until it is advanced; what was posted runs in `run`.
class simulated_loop final : public loop_context {
public:
  void set_timer(loop_timer& timer, time_point when) override {
    timers_.set(timer, when);
  }
  time_point now() const noexcept override { return now_; }
  void post(std::function<void()> what) override {
    posted_.push_back(std::move(what));
  }

  /// Runs what was posted, also what is posted by it.
  void run() {
    while (!posted_.empty()) {
      auto what = std::move(posted_.front());
      posted_.pop_front();
      what();
    }
  }

  /// Fires the timers that are due, one after the other in their order.
  void advance(time_point::duration by) {
    auto end = now_ + by;
    while (timers_.next() <= end) {
      now_ = std::max(now_, timers_.next());
      timers_.fire(now_);
    }
    now_ = end;
  }

  /// Returns whether a timer is set.
  bool has_timer() const { return timers_.next() != time_point::max(); }

private:
  loop_timers timers_;
  time_point now_{std::chrono::hours{1}};
  std::deque<std::function<void()>> posted_;
};

/// What the test keeps of a stream that it gave away.
struct stream_record {
  std::string output;             // that the "kernel" took
  std::size_t room = SIZE_MAX;    // of the "kernel", for further output
  std::size_t unacknowledged = 0; // of it
  bool output_ended = false;      // a FIN was sent
  bool cut_off = false;           // not only closed
  bool closed = false;            //
  bool wanted = false;            // input is
  std::string held;               // input that nobody wanted yet
  stream_events* events = nullptr;
  int calls = 0;       // of the session, into the stream
  int fail_at = -1;    // the call with which the stream breaks
  bool broken = false; //
};

/// Behaves as `stream_socket` does: what it is asked for happens in `turn`, not
/// at once. It outlives its `close` until `turn`.
class memory_stream final : public byte_stream {
public:
  explicit memory_stream(stream_record& record) : record_{record} {}
  ~memory_stream() override;

  void attach(stream_events& events) override { record_.events = &events; }
  void want_input(bool wanted) override;
  void send(output_piece piece) override;
  void send_now() override;
  output_queue& output() noexcept override { return output_; }
  bool is_broken() const noexcept override { return record_.broken; }
  bool has_input() const noexcept override { return !record_.held.empty(); }
  std::string peek_input() const override { return record_.held; }
  std::size_t unacknowledged() const noexcept override {
    return record_.unacknowledged;
  }
  void end_output() override;
  void close() override;
  void cut_off() override;
  int descriptor() const noexcept override { return -1; }

  /// The other side sends.
  void receive(std::string_view bytes);

  /// The other side closes its direction.
  void receive_end();

  /// One turn of a loop: held input, output, the end.
  void turn();

private:
  void count();
  void take_output();
  void pass_on();

  stream_record& record_;
  spare_pieces spare_;
  output_queue output_{spare_};
  bool dirty_ = false;
  bool ending_ = false;
  bool end_came_ = false;
  bool hang_up_told_ = false;
};

} // namespace wsrelay::test
