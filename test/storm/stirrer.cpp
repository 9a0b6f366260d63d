// Sends connections whatever an actor can send them.
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/pid_text.hpp"
#include "test/storm/actors.hpp"

#include <fmt/format.h>

namespace wsrelay::storm {

namespace {

constexpr std::size_t ring_size = 512;

// Ends in a way that its link carries to the connection, or waits for the
// connection's end.
caf::behavior companion(caf::event_based_actor* self, const caf::actor& client,
                        std::uint64_t random) {
  self->monitor(client);
  self->link_to(client);
  self->set_down_handler([self](caf::down_msg&) { self->quit(); });
  if (random % 3 == 0)
    self->quit(caf::exit_reason::user_shutdown);
  else if (random % 3 == 1)
    self->quit();
  return {
      [](const are_you_done&) {},
  };
}

// What a request to a connection may be answered with.
bool is_expected(const caf::error& error) {
  return error.category() == errc_category
         || error == caf::sec::request_receiver_down;
}

} // namespace

template <class T>
void stirrer_state::tell(const caf::actor& client, T message) {
  if (random() % 2 == 0)
    return self->send(client, std::move(message));
  ++on->asked;
  self->request(client, caf::infinite, std::move(message))
      .then([this] { ++on->told; },
            [this](caf::error& error) {
              ++on->told;
              if (!is_expected(error))
                on->seen.violation("a request was answered with "
                                   + to_text(error));
            });
}

void stirrer_state::stir(std::uint64_t seed) {
  random.seed(seed);
  auto who = client();
  if (!who)
    return;
  auto choice = random() % 100;
  if (choice < 40)
    tell(who, some_send());
  else if (choice < 55)
    tell(who, some_event());
  else if (choice < 75)
    tell(who, some_transfer());
  else if (choice < 90)
    tell(who, some_control());
  else if (choice < 94)
    tell(who, some_close());
  else if (choice < 97)
    link(who);
  else
    exit(who);
}

caf::actor stirrer_state::client() {
  return clients.empty() ? caf::actor{} : clients[random() % clients.size()];
}

ws_send stirrer_state::some_send() {
  auto choice = random() % 20;
  if (choice == 0)
    return {message_type::text, shared_buffer{"\xff\xfe"}}; // no UTF-8
  auto size = choice == 1 ? random() % 100'000 : random() % 300;
  auto goes_first = on->low_limits && random() % 4 == 0;
  return {choice % 2 == 0 ? message_type::text : message_type::binary,
          shared_buffer{std::string(size, 'x')}, goes_first};
}

ws_event stirrer_state::some_event() {
  switch (random() % 10) {
    case 0:
      return {"ws.send", shared_buffer{"{}"}};
    case 1:
      return {"", shared_buffer{"{}"}};
    case 2:
      return {"event", shared_buffer{"{not json"}};
    default:
      return {"event", shared_buffer{R"({"a":[1,2,3]})"}};
  }
}

ws_close stirrer_state::some_close() {
  switch (random() % 5) {
    case 0:
      return {1006, ""}; // must not be sent
    case 1:
      return {1000, std::string(124, 'r')}; // too long
    case 2:
      return {4001, "storm"};
    default:
      return {1000, ""};
  }
}

ws_control stirrer_state::some_control() {
  ws_control result;
  auto choice = random() % 16;
  if (choice & 1)
    result.message_topic = choice & 8 ? "ws.no" : "storm.topic";
  if (choice & 2)
    result.heartbeat_interval =
        milliseconds{choice & 8 ? -1 : static_cast<int>(random() % 40)};
  if (choice & 4)
    result.metadata = shared_buffer{random() % 4 == 0 ? "[]" : R"({"m":1})"};
  return result;
}

ws_control stirrer_state::some_transfer() {
  ws_control result;
  auto place = random() % on->targets.size();
  switch (random() % 8) {
    case 0:
      result.target = on->targets.ended(random());
      break;
    case 1:
      result.target_pid = "nobody";
      break;
    case 2:
      if (auto who = on->targets.get(place))
        result.target_pid = publish_pid(who);
      break;
    case 3:
    case 4:
      result.target_pid = cast::name(place);
      break;
    default:
      result.target = on->targets.get(place);
  }
  if (random() % 4 == 0)
    result.metadata = shared_buffer{R"({"moved":true})"};
  return result;
}

void stirrer_state::exit(const caf::actor& client) {
  switch (random() % 4) {
    case 0:
      return self->send_exit(client, caf::exit_reason::kill);
    case 1:
      return self->send_exit(client, caf::exit_reason::user_shutdown);
    case 2:
      return self->send_exit(client, make_error(errc::overloaded));
    default:
      return self->send_exit(client, caf::exit_reason::normal);
  }
}

void stirrer_state::link(const caf::actor& client) {
  self->spawn(companion, client, random());
}

caf::behavior stirrer(caf::stateful_actor<stirrer_state>* self, stage* on) {
  auto& state = self->state;
  state.on = on;
  self->set_error_handler([](caf::error&) {});
  return {
      [&state](const stir& message) { state.stir(message.random); },
      [&state](const new_client& message) {
        if (state.clients.size() < ring_size)
          state.clients.push_back(message.client);
        else
          state.clients[state.next++ % ring_size] = message.client;
      },
      [](const are_you_done&) {},
  };
}

} // namespace wsrelay::storm
