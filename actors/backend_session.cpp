// The socket's side.
#include "actors/backend_session.hpp"

#include "actors/answer.hpp"
#include "actors/backend_text.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "protocol/json.hpp"

#include <caf/all.hpp>

#include <memory>

namespace wsrelay {

namespace {

// Whether it has gone as a program goes that is stopped.
bool is_planned(const ws_leave& message) {
  if (message.reason == leave_reason::shutdown)
    return true;
  return message.reason == leave_reason::client_closed
         && (message.code == 1000 || message.code == 1001
             || message.code == 1005);
}

} // namespace

// Reached without an end when it was killed.
backend_session_state::~backend_session_state() {
  for (auto& each : names)
    end_backend_name(each.who, caf::exit_reason::remote_link_unreachable);
}

caf::result<void> backend_session_state::on_join(const ws_join& message) {
  if (socket)
    return make_error(errc::invalid_message, "it is another one's");
  socket = message.client;
  self->monitor(socket);
  return caf::unit;
}

caf::result<void> backend_session_state::on_message(const ws_message& message) {
  if (message.client != socket)
    return hear_first(message);
  backend_order order;
  auto is_binary = message.type == message_type::binary;
  if (auto bad = read_backend_order(message.data.view(), is_binary, order))
    refuse_unread(order, *bad);
  else
    carry_out(std::move(order));
  auto promise = promise_to_requester(self);
  if (promise && answers > max_backend_flight)
    held.push_back(*promise);
  else if (promise)
    promise->deliver(caf::unit);
  return later(promise);
}

// Its first name has passed it on as it was (backend_name.cpp).
caf::result<void> backend_session_state::hear_first(const ws_message& message) {
  if (names.empty())
    return make_error(errc::target_down, "its backend has gone");
  auto promise = promise_to_requester(self);
  hear_message(0, message, promise);
  return later(promise);
}

// Nobody waits for an answer that cannot be one.
void backend_session_state::refuse_unread(const backend_order& what,
                                          const backend_fault& why) {
  answer(backend_error(what, why));
  backend_order none;
  none.what = backend_verb::error;
  none.text = "its backend's answer cannot be read";
  if (what.ref != 0)
    settle(what.ref, none);
}

void backend_session_state::on_leave(const ws_leave& message) {
  if (message.client == socket)
    end(is_planned(message) ? caf::exit_reason::user_shutdown
                            : caf::exit_reason::remote_link_unreachable);
}

void backend_session_state::on_down(const caf::down_msg& message) {
  if (socket == message.source)
    return end(caf::exit_reason::remote_link_unreachable);
  lose_client(message.source, message.reason);
  if (auto found = watched.extract(message.source))
    for (auto& to : found.mapped())
      answer(backend_end("down", to, message.reason));
}

void backend_session_state::on_exit(const caf::exit_msg& message) {
  if (auto found = linked.extract(message.source))
    answer(backend_end("exit", found.mapped(), message.reason));
  else if (message.reason == caf::exit_reason::user_shutdown
           || message.reason == caf::exit_reason::kill)
    end(message.reason);
}

void backend_session_state::end(caf::error reason) {
  if (std::exchange(has_ended, true))
    return;
  send_batch();
  for (auto& [ref, each] : std::exchange(questions, {}))
    each.promise.deliver(make_error(errc::target_down, "its backend has gone"));
  for (auto& each : names)
    end_backend_name(each.who, reason);
  names.clear();
  self->quit(std::move(reason));
}

// -- output -------------------------------------------------------------------

void backend_session_state::say(ws_send what,
                                std::optional<caf::response_promise> done) {
  queued += what.data.size();
  waiting.push_back({std::move(what), std::move(done), 0});
  pump();
}

void backend_session_state::answer(ws_send what) {
  auto size = what.data.size();
  answers += size;
  queued += size;
  waiting.push_back({std::move(what), {}, size});
  pump();
}

// The kernel's answer is the credit: what one backend does not read waits, and
// whoever has said it is not read on.
void backend_session_state::pump() {
  while (!waiting.empty()) {
    auto size = waiting.front().what.data.size() + unasked;
    if (in_flight > 0 && in_flight + size > max_backend_flight)
      return;
    auto next = std::move(waiting.front());
    waiting.pop_front();
    queued -= next.what.data.size();
    if (size >= backend_slack) {
      ask_for(std::move(next));
      continue;
    }
    unasked = size;
    self->send(socket, std::move(next.what));
    settle_output(next);
  }
}

// No timeout: the socket's end is this one's.
void backend_session_state::ask_for(output next) {
  auto size = std::exchange(unasked, 0) + next.what.data.size();
  in_flight += size;
  auto what = std::move(next.what);
  auto done = [this, size, next = std::move(next)] {
    in_flight -= size;
    settle_output(next);
    pump();
  };
  self->request(socket, caf::infinite, std::move(what))
      .then([done] { done(); },
            [done](caf::error& why) {
              if (!is(why, errc::closing) && !is(why, errc::connection_lost))
                log(log_part::connection)
                    .warn("a message to a backend is lost: reason={}"
                          " hint=\"its connection goes on; the backend's own "
                          "log may say more\"",
                          json_string(to_text(why)));
              done();
            });
}

void backend_session_state::settle_output(const output& sent) {
  answers -= sent.answer;
  if (sent.done)
    caf::response_promise{*sent.done}.deliver(caf::unit);
  go_on_taking();
}

void backend_session_state::go_on_taking() {
  if (answers <= max_backend_flight)
    for (auto& each : std::exchange(held, {}))
      each.deliver(caf::unit);
}

caf::actor spawn_backend_session(const caf::actor& directory) {
  return directory.home_system().spawn(backend_session, directory);
}

caf::behavior backend_session(backend_session_actor* self,
                              caf::actor directory) {
  auto& state = self->state;
  state.directory = std::move(directory);
  self->set_default_handler(drop_unexpected);
  self->set_error_handler([](caf::error&) {});
  self->set_down_handler(
      [&state](caf::down_msg& message) { state.on_down(message); });
  self->set_exit_handler(
      [&state](caf::exit_msg& message) { state.on_exit(message); });
  return {
      [self, &state](const ws_join& message) {
        return answer(self, state.on_join(message));
      },
      [self, &state](const ws_message& message) {
        return answer(self, state.on_message(message));
      },
      [&state](const ws_leave& message) { state.on_leave(message); },
      [&state](backend_batch) { state.send_batch(); },
      [self](const ws_refused&) { self->quit(); },
      [self, &state](backend_call& call) {
        return answer(self, state.on_call(call));
      },
  };
}

} // namespace wsrelay
