// What a backend's names hear.
#include "actors/answer.hpp"
#include "actors/backend_session.hpp"
#include "actors/backend_text.hpp"
#include "actors/error.hpp"
#include "actors/lost_leave.hpp"
#include "protocol/relay_command.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

namespace {

// What the backend answers to a request.
http_response to_response(const backend_order& answer) {
  http_response result;
  result.status = answer.status;
  result.headers = answer.headers;
  if (!answer.relay.empty())
    result.headers.emplace_back(relay_header, answer.relay);
  result.body = shared_buffer{answer.data};
  return result;
}

} // namespace

caf::result<caf::message> backend_session_state::on_call(backend_call& call) {
  if (call.name >= names.size())
    return make_error(errc::target_down, "its backend has gone");
  auto& what = call.content;
  if (what.match_elements<ws_message>()) {
    auto promise = promise_to_requester(self);
    hear_message(call.name, what.get_as<ws_message>(0), promise);
    return later<caf::message>(promise);
  }
  if (what.match_elements<ws_join>())
    return hear_join(call.name, what.get_as<ws_join>(0));
  if (what.match_elements<ws_leave>())
    return hear_leave(call.name, what.get_as<ws_leave>(0));
  if (what.match_elements<http_request>())
    return hear_http(call.name, what.get_as<http_request>(0));
  auto& name = names[call.name].name;
  if (what.match_elements<ws_heartbeat>()) {
    if (waiting.empty()) // the next one tells the same
      say(backend_text(name, what.get_as<ws_heartbeat>(0)));
  } else if (what.match_elements<ws_overflow>())
    say(backend_text(name, what.get_as<ws_overflow>(0)));
  else if (what.match_elements<ws_drained>())
    say(backend_text(name, what.get_as<ws_drained>(0)));
  else if (what.match_elements<ws_refused>())
    say(backend_text(name, what.get_as<ws_refused>(0)));
  else if (is_request(self))
    return caf::sec::unexpected_message;
  return caf::message{};
}

caf::result<caf::message>
backend_session_state::hear_join(std::uint32_t name, const ws_join& message) {
  auto& who = message.client;
  if (!who)
    return make_error(errc::invalid_message, "no connection");
  if (is_full())
    return make_error(errc::busy, "its backend does not read");
  std::uint64_t ref = 0;
  auto result = ask({question::kind::join, who.address(), name}, ref);
  if (ref == 0)
    return result;
  std::string pid{message.client_pid.view()};
  auto [known, is_new] = clients.try_emplace(pid, client{who});
  known->second.names.insert(name);
  if (is_new) {
    pids.emplace(who.address(), pid);
    self->monitor(who);
  }
  say(backend_text(names[name].name, message, ref));
  return result;
}

void backend_session_state::hear_message(
    std::uint32_t name, const ws_message& message,
    const std::optional<caf::response_promise>& promise) {
  auto text = backend_text(names[name].name, message);
  auto known = names[name].acks ? clients.find(message.client_pid.view())
                                : clients.end();
  if (promise && known != clients.end()) {
    known->second.untaken.emplace_back(message.seq, *promise);
    say(std::move(text));
  } else {
    say(std::move(text), promise);
  }
}

// Who ends, or moves on, waits until the backend has answered all before. What
// it says until then still goes there, in its order.
caf::result<caf::message>
backend_session_state::hear_leave(std::uint32_t name, const ws_leave& message) {
  auto who = message.client.address();
  std::erase_if(questions, [&](auto& entry) {
    return entry.second.what == question::kind::join
           && entry.second.client == who;
  });
  std::uint64_t ref = 0;
  caf::result<caf::message> result = caf::message{};
  if (is_request(self))
    result = ask({question::kind::leave, who, name}, ref);
  say(backend_text(names[name].name, message, ref));
  auto pid = pids.find(who);
  if (pid == pids.end())
    return result;
  auto& left = clients.at(pid->second);
  if (auto joined = left.names.find(name); joined != left.names.end())
    left.names.erase(joined);
  if (ref != 0)
    ++left.leaving;
  else
    forget_client(who);
  return result;
}

caf::result<caf::message>
backend_session_state::hear_http(std::uint32_t name,
                                 const http_request& message) {
  if (is_full())
    return make_error(errc::busy, "its backend does not read");
  std::uint64_t ref = 0;
  auto result = ask({question::kind::http}, ref);
  if (ref != 0)
    say(backend_text(names[name].name, message, ref));
  return result;
}

// Whoever asked has given up on what is old. `ref` stays 0 where nobody can be
// asked.
caf::result<caf::message> backend_session_state::ask(question what,
                                                     std::uint64_t& ref) {
  auto now = self->clock().now();
  while (!questions.empty()
         && now - questions.begin()->second.asked > backend_patience) {
    auto old = questions.extract(questions.begin());
    if (old.mapped().what == question::kind::leave)
      settle_leave(old.mapped().client);
    old.mapped().promise.deliver(make_error(errc::busy, "no answer came"));
  }
  if (questions.size() >= max_backend_open)
    return make_error(errc::busy, "its backend does not answer");
  what.promise = self->make_response_promise();
  what.asked = now;
  ref = ++last_ref;
  auto promise = what.promise;
  questions.emplace(ref, std::move(what));
  return promise;
}

void backend_session_state::settle(std::uint64_t ref,
                                   const backend_order& answer) {
  auto found = questions.extract(ref);
  if (!found) // it has given up
    return;
  auto& asked = found.mapped();
  if (asked.what == question::kind::leave)
    settle_leave(asked.client);
  auto is_http = asked.what == question::kind::http;
  auto is_answer = is_http == (answer.what == backend_verb::response);
  if (asked.what == question::kind::join
      && (answer.what == backend_verb::error || !is_answer))
    settle_refusal(asked.name, asked.client);
  if (answer.what == backend_verb::error)
    asked.promise.deliver(make_error(errc::target_refused, answer.text));
  else if (is_http && answer.what == backend_verb::response)
    asked.promise.deliver(to_response(answer));
  else if (!is_answer)
    asked.promise.deliver(make_error(errc::invalid_message,
                                     is_http ? "a request wants a response"
                                             : "no response is wanted here"));
  else
    asked.promise.deliver(caf::unit);
}

// No leave comes of it.
void backend_session_state::settle_refusal(std::uint32_t name,
                                           const caf::actor_addr& who) {
  auto pid = pids.find(who);
  if (pid == pids.end())
    return;
  auto& joined = clients.at(pid->second).names;
  if (auto found = joined.find(name); found != joined.end())
    joined.erase(found);
  forget_client(who);
}

void backend_session_state::settle_leave(const caf::actor_addr& who) {
  auto pid = pids.find(who);
  if (pid == pids.end())
    return;
  --clients.at(pid->second).leaving;
  forget_client(who);
}

void backend_session_state::take(const backend_order& what) {
  auto found = clients.find(what.to);
  if (found == clients.end())
    return;
  auto& untaken = found->second.untaken;
  while (!untaken.empty() && untaken.front().first <= what.seq) {
    untaken.front().second.deliver(caf::unit);
    untaken.pop_front();
  }
}

// Unless it is at another name. CAF 0.17.6 drops all monitors of an actor at
// once.
void backend_session_state::forget_client(const caf::actor_addr& who) {
  auto pid = pids.find(who);
  auto found = clients.find(pid->second);
  if (!found->second.names.empty() || found->second.leaving > 0)
    return;
  for (auto& [seq, promise] : found->second.untaken)
    promise.deliver(caf::unit); // it is not wanted any more
  if (!watched.contains(who))
    self->demonitor(who);
  clients.erase(found);
  pids.erase(pid);
}

// Its node was lost: nobody sends its leave.
void backend_session_state::lose_client(const caf::actor_addr& who,
                                        const caf::error& reason) {
  auto pid = pids.extract(who);
  if (!pid)
    return;
  auto found = clients.extract(pid.mapped());
  auto leave = lost_leave(shared_buffer{pid.mapped()}, reason);
  for (auto name : found.mapped().names)
    say(backend_text(names[name].name, leave, 0));
}

} // namespace wsrelay
