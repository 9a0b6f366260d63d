// One attempt after the other.
#include "actors/last_words.hpp"

#include "actors/log.hpp"
#include "actors/log_limit.hpp"
#include "actors/node_messages.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <utility>

namespace wsrelay {

namespace {

// After a successor that refused, or has ended.
constexpr milliseconds pause{500};

class bringer : public std::enable_shared_from_this<bringer> {
public:
  bringer(caf::event_based_actor* self, std::shared_ptr<last_words> what)
      : self_{self}, what_{std::move(what)} {}

  // No timeout: `patience` is one, and the monitor tells of the node's stop.
  void search() {
    self_->request(what_->successors, caf::infinite, successor_get{what_->name})
        .then([me = shared_from_this()](
                  const caf::actor& found) { me->join(found); },
              [](caf::error&) {});
  }

  void on_down(const caf::actor_addr& who) {
    if (who == what_->successors)
      return give_up();
    if (asked_ != who)
      return;
    if (said_ && !what_->redelivers)
      return self_->quit();   // it had them
    if (said_ && is_again_) { // a third one would end, too
      said_ = false;
      return give_up();
    }
    is_again_ = is_again_ || said_;
    for (auto& message : what_->messages)
      message.redelivered = message.redelivered || said_;
    said_ = false;
    try_again();
  }

  void give_up() {
    if (said_)
      return self_->quit();
    static auto& lines = *new log_limit; // actors may end after main
    if (auto left_out = lines.allow("", std::chrono::steady_clock::now()))
      log(log_part::connection)
          .warn(
              "messages lost, no successor came: pid={} messages={}"
              " hint=\"start the target sooner, or raise wsrelay.park.time\"{}",
              what_->join.client_pid.view(), what_->messages.size(),
              suppressed_text(*left_out));
    if (asked_) // its answer may be on its way
      leave_unheard(what_->leave.reason, what_->leave.code);
    self_->quit();
  }

private:
  void join(const caf::actor& found) {
    asked_ = found;
    self_->monitor(found);
    self_->request(found, what_->join_timeout, what_->join)
        .then([me = shared_from_this()] { me->say(); },
              [me = shared_from_this()](caf::error& error) {
                me->on_error(error);
              });
  }

  void on_error(const caf::error& error) {
    if (!asked_) // its end was told
      return;
    if (error == caf::sec::unexpected_response) // an answer with a value in it
      return say();
    if (error == caf::sec::request_timeout)
      leave_unheard(leave_reason::rolled_back, 0);
    try_again();
  }

  void leave_unheard(leave_reason why, std::uint16_t code) {
    auto leave = what_->leave;
    leave.reason = why;
    leave.code = code;
    leave.last_seq = 0;
    self_->send(asked_, std::move(leave));
  }

  void try_again() {
    if (asked_)
      self_->demonitor(asked_);
    asked_ = nullptr;
    self_->delayed_send(self_, pause, caf::tick_atom_v);
  }

  // The answer to the leave tells that all before it is handled.
  void say() {
    said_ = true;
    for (auto& message : what_->messages)
      self_->send(asked_, message);
    auto done = [me = shared_from_this()] { me->self_->quit(); };
    self_->request(asked_, caf::infinite, what_->leave)
        .then(done, [me = shared_from_this(), done](caf::error& error) {
          if (error != caf::sec::request_receiver_down)
            done();
        });
  }

  caf::event_based_actor* self_;
  std::shared_ptr<last_words> what_;
  caf::actor asked_; // null = nobody has been
  bool said_ = false;
  bool is_again_ = false; // one that had them has ended
};

} // namespace

caf::behavior bring_last_words(caf::event_based_actor* self,
                               std::shared_ptr<last_words> what) {
  auto me = std::make_shared<bringer>(self, what);
  self->set_default_handler(caf::drop);
  self->set_down_handler(
      [me](caf::down_msg& message) { me->on_down(message.source); });
  self->monitor(what->successors);
  self->delayed_send(self, what->patience, caf::timeout_atom_v);
  if (what->place.give_to(self))
    me->search();
  else // there is no room for it any more
    self->send(self, caf::timeout_atom_v);
  return {
      [me](caf::tick_atom) { me->search(); },
      [me](caf::timeout_atom) { me->give_up(); },
      [me](const connection_unpark&) { me->give_up(); },
  };
}

} // namespace wsrelay
