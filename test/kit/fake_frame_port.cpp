// The port's two sides and the order in which they meet.
#include "test/kit/fake_frame_port.hpp"

#include "actors/ending.hpp"
#include "protocol/close_code.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace wsrelay::test {

namespace {

// A broken contract is a bug of wsrelay. CAF would turn an exception into the
// end of an actor and hide it.
void require(bool kept, const char* rule) {
  if (kept)
    return;
  std::fprintf(stderr, "frame_port: contract broken: %s\n", rule);
  std::abort();
}

bool is_silent(std::uint16_t code) {
  return code == 1005 || code == 1006;
}

} // namespace

// -- frame_port ---------------------------------------------------------------

bool fake_frame_port::attach(frame_sink* sink) {
  require(!sink || !sink_, "one sink at a time");
  sink_ = sink;
  attached_ = attached_ || sink;
  if (!sink)
    close(1011, {}); // counts only when nobody closed before
  return !done_;
}

std::uint64_t fake_frame_port::write(message_type type,
                                     const shared_buffer& data, bool notify) {
  require(sink_ != nullptr, "no write without a sink");
  require(!closing_, "no write after close");
  queued_ += data.size();
  output_.push_back({{type, std::string{data.view()}}, notify});
  befall(output_.back());
  return ++written_;
}

void fake_frame_port::ask_drained() {
  require(!output_.empty(), "no wait for nothing");
  output_.back().notify = true;
}

void fake_frame_port::close(std::uint16_t code, std::string_view reason) {
  require(is_silent(code) || static_cast<bool>(check_close(code, reason)),
          "a close frame that may be sent");
  if (closing_ || done_)
    return;
  closing_ = client_close{code, std::string{reason}};
  close_deadline_ = now() + close_timeout;
}

void fake_frame_port::resume() {
  require(sink_ != nullptr, "no reading without a sink");
  paused_ = false;
}

void fake_frame_port::pause() {
  paused_ = true;
}

void fake_frame_port::wake_at(time_point when) {
  require(sink_ != nullptr || when == time_point::max(),
          "no timer without a sink");
  wake_ = when;
}

// -- the client's side --------------------------------------------------------

void fake_frame_port::send(client_message message) {
  if (!gone_)
    input_.push_back({std::move(message), {}, {}});
}

void fake_frame_port::send_close(client_close frame) {
  if (!gone_)
    input_.push_back({std::nullopt, end_cause::client_closed, frame});
}

void fake_frame_port::end_output() {
  if (!gone_)
    input_.push_back({std::nullopt, end_cause::connection_lost, {}, true});
}

void fake_frame_port::fail(end_cause cause, std::uint16_t code) {
  if (!gone_)
    input_.push_back({std::nullopt, cause, {code, {}}});
  gone_ = gone_ || cause != end_cause::protocol_error;
}

void fake_frame_port::reset(std::string name) {
  resets_.push_back(std::move(name));
  if (done_)
    return;
  input_.clear();
  gone_ = false; // its end was among it
  fail(end_cause::connection_lost, 0);
}

void fake_frame_port::fail_write(std::size_t nth, milliseconds delay,
                                 std::string name) {
  if (nth == 0)
    throw std::invalid_argument{"the next message is number 1"};
  faults_.push_back({nth, delay, std::move(name)});
}

std::vector<std::string> fake_frame_port::faults_left() const {
  auto result = resets_;
  for (auto& each : faults_)
    result.push_back(each.name);
  return result;
}

void fake_frame_port::forget_faults() {
  faults_.clear();
  resets_.clear();
}

void fake_frame_port::befall(outgoing& what) {
  std::erase_if(faults_, [&](write_fault& each) {
    if (--each.nth > 0)
      return false;
    what.breaks = what.breaks || each.delay.count() == 0;
    what.not_before = std::max(what.not_before, now() + each.delay);
    return true;
  });
}

// -- events -------------------------------------------------------------------

bool fake_frame_port::step() {
  using action = bool (fake_frame_port::*)();
  std::array<action, 4> all{
      &fake_frame_port::step_output, &fake_frame_port::step_close,
      &fake_frame_port::step_input, &fake_frame_port::step_wake};
  for (auto left = all.begin(); left != all.end() && !done_; ++left) {
    auto count = static_cast<std::size_t>(all.end() - left);
    std::iter_swap(
        left, left + static_cast<std::ptrdiff_t>(clock_.order().pick(count)));
    if ((this->**left)())
      return true;
  }
  return false;
}

time_point fake_frame_port::next_wake() const noexcept {
  if (done_)
    return time_point::max();
  auto result = std::min(wake_, close_deadline_);
  auto is_delayed =
      !output_.empty() && !stalled_ && output_.front().not_before > now();
  return is_delayed ? std::min(result, output_.front().not_before) : result;
}

bool fake_frame_port::step_output() {
  if (output_.empty() || stalled_ || gone_
      || output_.front().not_before > now())
    return false;
  if (output_.front().breaks) {
    finish(end_cause::connection_lost);
    return true;
  }
  auto& order = clock_.order();
  auto most =
      order.is_random() ? order.pick(output_.size()) + 1 : output_.size();
  if (auto told = deliver(most); told > 0 && sink_)
    sink_->on_drained(told);
  return true;
}

// Returns up to which message the sink wants to be told, 0 for none.
std::uint64_t fake_frame_port::deliver(std::size_t most) {
  std::uint64_t told = 0;
  for (; most > 0 && !output_.empty(); --most) {
    if (output_.front().breaks || output_.front().not_before > now())
      break;
    auto next = std::move(output_.front());
    output_.pop_front();
    ++delivered_;
    queued_ -= next.message.data.size();
    told = next.notify ? delivered_ : told;
    received_.push_back(std::move(next.message));
  }
  return told;
}

bool fake_frame_port::step_close() {
  if (!closing_)
    return false;
  if (!gone_ && !output_.empty() && now() < close_deadline_)
    return false;
  if (!gone_ && stalled_ && now() < close_deadline_)
    return false;
  auto is_sent = ended_ ? closing_->code != 1006 : !is_silent(closing_->code);
  if (!gone_ && !stalled_ && is_sent)
    close_frame_ = closing_;
  finish(end_cause::connection_lost);
  return true;
}

// The end of the socket is noticed while paused, messages before it are not.
bool fake_frame_port::step_input() {
  if (input_.empty() || closing_ || ended_ || !attached_)
    return false;
  if (input_.front().message && !paused_ && sink_)
    sink_->before_input();
  if (input_.front().message && paused_)
    return tell_hang_up();
  auto next = std::move(input_.front());
  input_.pop_front();
  if (!next.message)
    read_end(next);
  else if (sink_)
    sink_->on_frame(next.message->type, shared_buffer{next.message->data});
  return true;
}

bool fake_frame_port::tell_hang_up() {
  auto has_end = std::any_of(input_.begin(), input_.end(),
                             [](auto& each) { return !each.message; });
  if (!has_end || !sink_ || std::exchange(hang_up_told_, true))
    return false;
  sink_->on_hang_up();
  return true;
}

bool fake_frame_port::step_wake() {
  if (now() < wake_)
    return false;
  wake_ = time_point::max();
  if (sink_)
    sink_->on_wake();
  return true;
}

// Who closes, breaks the protocol or ends its half still reads.
void fake_frame_port::read_end(const incoming& end) {
  if (!end.is_half && end.cause != end_cause::client_closed
      && end.cause != end_cause::protocol_error)
    return finish(end.cause);
  ended_ = true;
  if (sink_)
    sink_->on_end(end.cause, end.frame.code, end.frame.reason);
}

void fake_frame_port::finish(end_cause cause) {
  done_ = true;
  gone_ = true;
  resets_.clear();
  output_.clear();
  queued_ = 0;
  if (auto* sink = std::exchange(sink_, nullptr))
    sink->on_closed(cause);
}

} // namespace wsrelay::test
