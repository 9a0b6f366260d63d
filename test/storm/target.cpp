// Targets with habits.
#include "actors/error.hpp"
#include "test/storm/actors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace wsrelay::storm {

namespace {

using namespace std::chrono_literals;

} // namespace

caf::actor cast::get(std::size_t place) const {
  std::unique_lock guard{mutex_};
  return actors_[place];
}

void cast::set(std::size_t place, caf::actor who) {
  std::unique_lock guard{mutex_};
  if (actors_[place])
    ended_[ended_count_++ % ended_.size()] = std::move(actors_[place]);
  actors_[place] = std::move(who);
}

void cast::clear() {
  std::unique_lock guard{mutex_};
  actors_.assign(actors_.size(), nullptr);
  ended_ = {};
}

caf::actor cast::ended(std::uint64_t random) const {
  std::unique_lock guard{mutex_};
  return ended_[random % ended_.size()];
}

target_state::target_state(caf::stateful_actor<target_state>* self)
    : self{self} {}

target_state::~target_state() {
  if (on)
    on->seen.target_ended(self->id());
}

caf::result<void> target_state::join(const ws_join& message) {
  auto client = message.client.id();
  on->seen.joined(client, self->id());
  self->send(on->watcher, new_client{message.client});
  self->send(on->stirrer, new_client{message.client});
  if (how == habit::refusing && one_in(2)) {
    on->seen.answered(client, self->id(), verdict::refused);
    return make_error(errc::invalid_message, "not here");
  }
  if (how == habit::silent || (how == habit::late && !one_in(4))) {
    auto promise = self->make_response_promise<void>();
    held_joins.push_back({client, promise});
    if (how == habit::late)
      self->delayed_send(self, std::chrono::milliseconds{random() % 300},
                         answer_held{});
    return promise;
  }
  on->seen.answered(client, self->id(), verdict::accepted);
  if (one_in(2))
    reply(message.client, message_type::text, 20);
  return caf::unit;
}

caf::result<void> target_state::take(const ws_message& message) {
  if (message.redelivered)
    on->seen.got_again(message.client.id(), self->id(), message.seq,
                       message.data.view());
  else
    on->seen.got_message(message.client.id(), self->id(), message.seq,
                         message.data.view());
  auto answer = handle(message);
  if (answer.flag != caf::rt_delegated && on->low_limits)
    on->seen.handled(message.client.id(), message.seq);
  return answer;
}

// Its promise is held, or it is answered at once.
caf::result<void> target_state::handle(const ws_message& message) {
  if (how == habit::slow && one_in(50))
    std::this_thread::sleep_for(std::chrono::milliseconds{random() % 12});
  if (how == habit::moving && one_in(8))
    move(message.client);
  auto count = how == habit::chatty ? random() % 6 : 1;
  for (std::uint64_t i = 0; i < count; ++i)
    reply(message.client, message.type,
          how == habit::chatty ? random() % 40'000 : message.data.size());
  if (how != habit::holding || one_in(3))
    return caf::unit;
  auto promise = self->make_response_promise<void>();
  held_messages.push_back({message.client.id(), message.seq, promise});
  if (!std::exchange(waking, true))
    self->delayed_send(self, 100ms, answer_held{});
  return promise;
}

void target_state::leave(const ws_leave& message) {
  auto client = message.client.id();
  on->seen.got_leave(client, self->id(), message.reason, message.last_seq);
  std::erase_if(held_joins,
                [client](auto& held) { return held.client == client; });
  if (message.reason != leave_reason::transferred
      && message.reason != leave_reason::rolled_back)
    forget(client);
}

// Numbered, so that the client can tell whether one is missing.
void target_state::reply(const caf::actor& client, message_type type,
                         std::size_t size) {
  auto text = fmt::format("{}:{}:", self->id(), ++replies[client.id()]);
  text.append(on->low_limits ? std::min(size, max_reply) : size, '.');
  self->send(client, ws_send{type, shared_buffer{text}});
  if (on->low_limits && one_in(4))
    reply_with_key(client);
}

// The newest one is enough: each key has numbers of its own.
void target_state::reply_with_key(const caf::actor& client) {
  auto key = random() % 2;
  auto stream = fmt::format("{}k{}", self->id(), key);
  auto text = fmt::format("{}:{}:", stream, ++versions[client.id()][key]);
  text.append(random() % 3'000, '.');
  self->send(client, ws_send{message_type::text, shared_buffer{text}, false,
                             shared_buffer{stream}});
}

void target_state::forget(caf::actor_id client) {
  replies.erase(client);
  versions.erase(client);
}

void target_state::move(const caf::actor& client) {
  ws_control control;
  control.target_pid = cast::name(random() % on->targets.size());
  self->send(client, control);
}

void target_state::answer_all() {
  waking = false;
  for (auto& held : std::exchange(held_joins, {})) {
    on->seen.answered(held.client, self->id(), verdict::accepted);
    held.promise.deliver(caf::unit);
  }
  for (auto& held : std::exchange(held_messages, {})) {
    if (on->low_limits)
      on->seen.handled(held.client, held.seq);
    held.promise.deliver(caf::unit);
  }
}

void target_state::end(std::uint64_t random) {
  switch (random % 4) {
    case 0:
      return self->quit();
    case 1:
      return self->quit(make_error(errc::overloaded));
    case 2:
      return self->quit(caf::exit_reason::user_shutdown);
    default:
      throw std::runtime_error{"a target fails"};
  }
}

caf::behavior target(caf::stateful_actor<target_state>* self, stage* on,
                     habit how, std::uint64_t seed) {
  auto& state = self->state;
  state.on = on;
  state.how = how;
  state.random.seed(seed);
  // An error as a message, from a bounced send, is no reason to end.
  self->set_error_handler([](caf::error&) {});
  // CAF's own handler prints the exception.
  self->set_exception_handler([](std::exception_ptr&) -> caf::error {
    return caf::exit_reason::unhandled_exception;
  });
  return {
      [&state](const ws_join& message) { return state.join(message); },
      [&state](const ws_message& message) { return state.take(message); },
      [&state, self](const ws_heartbeat& message) {
        state.on->seen.got_heartbeat(message.client.id(), self->id());
      },
      [&state, self](const ws_overflow& message) {
        state.on->seen.got_report(message.client.id(), self->id());
      },
      [&state, self](const ws_drained& message) {
        state.on->seen.got_report(message.client.id(), self->id());
      },
      [&state](const ws_leave& message) { state.leave(message); },
      [](const ws_refused&) {},
      [&state](const answer_held&) { state.answer_all(); },
      [&state](const end_now& message) { state.end(message.random); },
      [](const are_you_done&) {},
  };
}

caf::behavior watcher(caf::event_based_actor* self, record* seen) {
  auto known = std::make_shared<std::set<caf::actor_id>>();
  self->set_down_handler(
      [seen](caf::down_msg& message) { seen->went_down(message.source.id()); });
  return {
      [self, known, seen](const new_client& message) {
        if (!known->insert(message.client.id()).second)
          return;
        seen->watched(message.client.id());
        self->monitor(message.client);
      },
  };
}

caf::behavior handler(caf::event_based_actor* self, stage* on,
                      std::uint64_t seed) {
  auto random = std::make_shared<std::mt19937_64>(seed);
  static_cast<void>(self);
  return {
      [random, on](const http_request&) -> caf::result<http_response> {
        http_response response;
        auto place = (*random)() % on->targets.size();
        switch ((*random)() % 8) {
          case 0: // an answer without a relay
            response.status = 404;
            return response;
          case 1:
            return make_error(errc::invalid_message, "the handler refuses");
          case 2:
            response.headers = {
                {"X-WS-Relay",
                 fmt::format(R"({{"target_pid":"{}"}})", cast::name(place))}};
            return response;
          default:
            response.relay = relay_to{on->targets.get(place), {}, {}, {}};
            if (on->low_limits) {
              response.relay->report_overflow = true;
              response.relay->target_name = cast::name(place);
            }
            return response;
        }
      },
  };
}

} // namespace wsrelay::storm
