// The acceptor's questions: to the directory, and to handlers, whose time is
// kept here. CAF 0.17.6 keeps the timeout of every answered request in its one
// clock until it is due; here a loop has one timer for all of them.
#include "actors/acceptor.hpp"

#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/own_actors.hpp"
#include "actors/refusal.hpp"
#include "protocol/json.hpp"
#include "protocol/pid.hpp"

#include <caf/all.hpp>

#include <exception>

namespace wsrelay {

namespace {

// Logged at most once per call; says whether the callback came to its end.
template <class Callback, class Value>
bool call(const Callback& done, Value&& value) {
  try {
    done(std::forward<Value>(value));
    return true;
  } catch (const std::exception& error) {
    log(log_part::http)
        .error("answer not handled: reason={}"
               " hint=\"a fault of wsrelay, report it; all else goes on\"",
               json_string(error.what()));
  } catch (...) {
    log(log_part::http)
        .error("answer not handled: reason=unknown"
               " hint=\"a fault of wsrelay, report it; all else goes on\"");
  }
  return false;
}

caf::error nobody() {
  return make_error(errc::no_such_target, "no such target");
}

} // namespace

void acceptor_state::find(const std::string& target, on_target done) {
  // Who asks for one of the relay's own names asks somebody who knows none: so
  // this answer comes like any other, and no other node hears of it.
  auto own = std::string_view{target}.starts_with(reserved_prefix);
  auto whom = own ? caf::actor{self_} : config_.directory;
  auto failed = [own, done](caf::error& error) {
    call(done, own ? nobody() : std::move(error));
  };
  // No timeout: the directory answers at once, or when another node's has not
  // answered in time, and lives as long as the node.
  // It may have much else to do: a node with very many names comes or goes.
  self_
      ->request<caf::message_priority::high>(whom, caf::infinite,
                                             directory_get{target})
      .then(
          [done](const caf::actor& found) {
            if (!found || is_own(found))
              call(done, nobody());
            else
              call(done, found);
          },
          failed);
}

void acceptor_state::ask(const std::string& handler, http_request request,
                         milliseconds timeout, on_response done) {
  auto id = ++last_question_;
  auto& what = questions_[id];
  what.request = std::move(request);
  what.done = std::move(done);
  set_due(id, what, self_->clock().now() + timeout);
  find(handler, [this, id](caf::expected<caf::actor> found) {
    on_handler(id, std::move(found));
  });
}

void acceptor_state::on_handler(std::uint64_t id,
                                caf::expected<caf::actor> found) {
  auto entry = questions_.find(id);
  if (entry == questions_.end())
    return; // its time was over before its handler was found
  if (!found)
    return on_answer(id, std::move(found.error()));
  if (config_.nodes && is_pressed(*config_.nodes, *found))
    return on_answer(id, make_error(errc::busy, "too much waits for its node"));
  auto& what = entry->second;
  what.handler = found->address();
  if (handlers_.insert(what.handler).second)
    self_->monitor(*found);
  // No timeout: `due` is one, and the monitor tells of the handler's end.
  auto answer =
      self_->request(*found, caf::infinite, std::exchange(what.request, {}));
  what.response = answer.id();
  answer.then(
      [this, id](http_response& response) {
        on_answer(id, std::move(response));
      },
      [this, id](caf::error& error) { on_answer(id, std::move(error)); });
}

void acceptor_state::on_answer(std::uint64_t id,
                               caf::expected<http_response> answer) {
  auto entry = questions_.extract(id);
  if (!entry)
    return;
  auto& what = entry.mapped();
  due_.erase({what.due, id});
  late_.erase(id);
  if (what.done)
    tell(what.done, std::move(answer));
  else if (answer && answer->relay)
    refuse(*answer->relay, "timeout");
}

// When the callback fails before it has decided on the command, nobody comes.
void acceptor_state::tell(const on_response& done,
                          caf::expected<http_response> answer) {
  caf::optional<relay_to> relay;
  if (answer)
    relay = answer->relay;
  auto before = settled_;
  auto handled = call(done, std::move(answer));
  if (!handled && relay && settled_ == before)
    refuse(*relay, "error");
}

void acceptor_state::refuse(const relay_to& command, std::string reason) {
  ++settled_;
  tell_refused(command, std::move(reason));
}

// -- time ---------------------------------------------------------------------

void acceptor_state::set_due(std::uint64_t id, question& what,
                             time_point when) {
  what.due = when;
  due_.emplace(when, id);
  arm();
}

// A tick that is on its way comes in any case: another one is needed only when
// it must come earlier.
void acceptor_state::arm() {
  if (due_.empty())
    return;
  auto when = due_.begin()->first;
  if (!ticks_.empty() && ticks_.back() <= when)
    return;
  ticks_.push_back(when);
  self_->scheduled_send(self_, when, acceptor_tick{false});
}

void acceptor_state::on_due() {
  if (!ticks_.empty())
    ticks_.pop_back();
  auto now = self_->clock().now();
  while (!due_.empty() && due_.begin()->first <= now) {
    auto id = due_.begin()->second;
    due_.erase(due_.begin());
    on_time_over(id, questions_.at(id));
  }
  arm();
}

void acceptor_state::on_time_over(std::uint64_t id, question& what) {
  if (!what.done) // no answer comes any more
    return answer_myself(what, caf::sec::request_timeout);
  auto done = std::exchange(what.done, nullptr);
  if (what.handler)
    await_late(id, what);
  else
    questions_.erase(id);
  tell(done, caf::make_error(caf::sec::request_timeout));
}

void acceptor_state::await_late(std::uint64_t id, question& what) {
  set_due(id, what, self_->clock().now() + late_answer_patience);
  late_.insert(id);
  if (late_.size() <= max_late_answers)
    return;
  auto oldest = late_.extract(late_.begin()).value();
  answer_myself(questions_.at(oldest), caf::sec::request_timeout);
}

void acceptor_state::fail_questions(const caf::actor_addr& handler) {
  for (auto& [id, what] : questions_)
    if (what.handler == handler)
      answer_myself(what, caf::sec::request_receiver_down);
}

// As CAF's clock does it for a timeout: the request is forgotten with it.
void acceptor_state::answer_myself(const question& what, caf::sec why) {
  self_->eq_impl(what.response, self_->ctrl(), self_->context(),
                 caf::make_error(why));
}

} // namespace wsrelay
