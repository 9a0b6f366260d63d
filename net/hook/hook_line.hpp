// The events of one connection: in their order, one request at a time.
#pragma once

#include "actors/error.hpp"
#include "actors/frame_port.hpp"
#include "net/hook/hook_event.hpp"

#include <caf/actor.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay {

/// Where a connection is towards its server.
enum class hook_phase : std::uint8_t {
  joining, // `connected` has not been answered yet
  open,
  closing, // it was told to close: nothing but its end is sent any more
  leaving, // `disconnected` is the last event
};

/// Messages that wait are bounded by the connection's window: each that it asks
/// an answer for is answered when it has been handled.
class hook_line {
public:
  explicit hook_line(const ws_join& join)
      : client_{join.client},
        pid_{join.client_pid},
        subprotocol_{join.subprotocol.view()},
        traceparent_{join.traceparent.view()},
        next_state_{join.state.view()} {}

  const caf::actor& client() const noexcept { return client_; }
  const shared_buffer& pid() const noexcept { return pid_; }
  hook_phase phase() const noexcept { return phase_; }
  void set_phase(hook_phase phase) noexcept { phase_ = phase; }
  void set_state(std::string state) { state_ = std::move(state); }

  /// Another target has it now: what it has said before is told all the same.
  void set_moved() noexcept { has_moved_ = true; }
  bool has_moved() const noexcept { return has_moved_; }

  hook_subject subject() const {
    return {pid_.view(), subprotocol_, state_, traceparent_};
  }

  /// Returns whether it has waited for nothing so far: it is to be served.
  bool add(hook_event event) {
    events_.push_back(std::move(event));
    return events_.size() == 1 && !busy_;
  }

  bool empty() const noexcept { return events_.empty(); }
  const hook_event& front() const { return events_.front(); }

  bool has(hook_kind kind) const {
    return std::any_of(events_.begin(), events_.end(),
                       [kind](auto& each) { return each.kind == kind; });
  }

  /// Begins the next try of what stands first: of as many messages in a row as
  /// `batch`, of one topic, or of one other event. Returns them. @pre neither
  /// busy nor empty
  std::vector<hook_event> begin(std::size_t batch, time_point now) {
    busy_ = true;
    if (++tries_ == 1)
      begun_ = now;
    if (taken_ == 0)
      take(batch);
    return {events_.begin(),
            events_.begin() + static_cast<std::ptrdiff_t>(taken_)};
  }

  /// The try is over, and another one will follow.
  void put_off() noexcept { busy_ = false; }

  /// The same, and that one is as good as the first: the server wants none for
  /// a while. Returns how often it was so.
  unsigned wait() noexcept {
    busy_ = false;
    tries_ = 0;
    return ++waits_;
  }

  /// The connection has come back, and its last end may not be told yet.
  void begin_again(std::string_view state) {
    phase_ = hook_phase::joining;
    has_moved_ = false;
    next_state_ = state;
  }

  unsigned tries() const noexcept { return tries_; }
  time_point begun() const noexcept { return begun_; }

  /// The event, or batch, has been handled, well or not. Who asked is told.
  void finish(const caf::error& error = {}) {
    busy_ = false;
    tries_ = waits_ = 0;
    for (; taken_ > 0; --taken_) {
      answer(events_.front(), error);
      events_.pop_front();
    }
  }

  /// Takes a join back that no server has heard of, whose end has come. Returns
  /// whether there was one; who asked is told.
  bool drop_unsent_join() {
    if (events_.size() <= taken_ || events_.back().kind != hook_kind::connected)
      return false;
    answer(events_.back(), make_error(errc::closing));
    events_.pop_back();
    return true;
  }

  /// Drops what waits, but for the end. @pre not busy
  void drop_waiting() {
    tries_ = waits_ = 0;
    taken_ = 0;
    std::erase_if(events_, [](auto& each) {
      if (each.kind == hook_kind::disconnected)
        return false;
      answer(each, {});
      return true;
    });
  }

private:
  // What is sent in one try is the same in each.
  void take(std::size_t batch) {
    taken_ = count_first(batch);
    if (events_.front().kind == hook_kind::connected)
      state_ = std::exchange(next_state_, {});
  }

  std::size_t count_first(std::size_t batch) const {
    std::size_t count = 0;
    auto& topic = events_.front().topic;
    while (count < events_.size() && count < batch
           && events_[count].kind == hook_kind::message
           && events_[count].topic.view() == topic.view())
      ++count;
    return std::max<std::size_t>(count, 1);
  }

  static void answer(hook_event& event, const caf::error& error) {
    auto promise = std::exchange(event.promise, std::nullopt);
    if (promise && error)
      promise->deliver(error);
    else if (promise)
      promise->deliver(caf::unit);
  }

  caf::actor client_;
  shared_buffer pid_;
  std::string subprotocol_;
  std::string traceparent_;
  std::string state_;
  std::string next_state_; // from the next `connected` on
  hook_phase phase_ = hook_phase::joining;
  std::deque<hook_event> events_;
  bool has_moved_ = false;
  bool busy_ = false;     // a request is on its way
  std::size_t taken_ = 0; // events of the try
  unsigned tries_ = 0, waits_ = 0;
  time_point begun_{}; // the first of them
};

} // namespace wsrelay
