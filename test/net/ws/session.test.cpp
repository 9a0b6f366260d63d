// What a client sends: whole, in bytes, behind a full window, with an end.
#include "test/net/ws/session_fixture.hpp"

namespace wsrelay::session_test {

using namespace wsrelay::test;
using fixture = ws_session_fixture;

namespace {

// Keeps a record, and answers no message before it is told to; from then on it
// answers at once.
caf::behavior holding(caf::event_based_actor* self, shared_record to) {
  struct state {
    std::vector<caf::response_promise> held;
    bool free = false;
  };
  auto mine = std::make_shared<state>();
  return {
      [to](const ws_join& message) { to->joined(message.client); },
      [=](const ws_message& message) -> caf::result<void> {
        to->add(std::string{message.data.view()});
        if (mine->free)
          return caf::unit;
        mine->held.push_back(self->make_response_promise());
        return caf::delegated<void>{};
      },
      [to](const ws_leave& message) { to->add(describe(message)); },
      [mine](caf::ok_atom) {
        mine->free = true;
        for (auto& promise : std::exchange(mine->held, {}))
          promise.deliver(caf::unit);
      },
  };
}

// Answers nothing. Its first message breaks the client's socket, on the loop's
// own thread: before the loop can know.
caf::behavior breaking(caf::event_based_actor* self, shared_record to,
                       raw_client** who) {
  auto held = std::make_shared<std::vector<caf::response_promise>>();
  return {
      [to](const ws_join& message) { to->joined(message.client); },
      [=](const ws_message& message) -> caf::result<void> {
        to->add(std::string{message.data.view()});
        if (message.data.view() == "1") {
          (*who)->send("2");
          (*who)->socket().reset();
          self->send(message.client, ws_send{message_type::text, "lost"});
        }
        held->push_back(self->make_response_promise());
        return caf::delegated<void>{};
      },
      [to](const ws_leave& message) { to->add(describe(message)); },
  };
}

} // namespace

// -- input --------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "frames that come right behind the request are "
                           "read") {
  start_with(recording);
  auto client = connect_raw(to_bytes({opcode::text, "first"})
                            + to_bytes({opcode::ping, "?"}));
  CHECK(client.receive() == "pong ?");
  client.send("second");
  CHECK(saw("second"));
  CHECK(log->seen() == strings{"first", "second"});
}

TEST_CASE_FIXTURE(fixture, "a message that comes byte by byte is one") {
  start_with(recording);
  auto client = connect_raw();
  for (auto byte : to_bytes({opcode::text, "slowly"})) {
    client.socket().send({&byte, 1});
    settle();
  }
  CHECK(saw("slowly"));
  CHECK(log->seen().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "a close frame that comes byte by byte is one") {
  start_with(recording);
  auto client = connect_raw();
  for (auto byte : to_bytes({opcode::close, "\x0f\xa1 bye"})) {
    CHECK(log->seen().empty());
    client.socket().send({&byte, 1});
    settle();
  }
  CHECK(client.receive() == "close 4001  bye");
  CHECK(client.receive() == "end");
  CHECK(saw("leave client_closed 4001"));
}

TEST_CASE_FIXTURE(fixture, "the last message is delivered though the end comes "
                           "right behind it") {
  start_with(recording);
  auto client = connect_raw();
  client.send("last words");
  SUBCASE("of half the connection") {
    client.end_output();
    CHECK(client.receive() == "close 1002 no close frame came");
    CHECK(client.receive() == "end");
  }
  SUBCASE("of all of it") {
    client.socket().close();
  }
  REQUIRE(saw("leave connection_lost 1006"));
  CHECK(log->seen() == strings{"last words", "leave connection_lost 1006"});
}

TEST_CASE_FIXTURE(fixture, "after a violation nothing counts, and the client "
                           "is told why") {
  start_with(recording);
  auto client = connect_raw();
  client_frame unmasked{opcode::text, "unmasked"};
  unmasked.masked = false;
  client.socket().send(to_bytes({opcode::text, "good"}) + to_bytes(unmasked)
                       + to_bytes({opcode::text, "late"}));
  CHECK(client.receive() == "close 1002 a frame is not masked");
  CHECK(client.receive() == "end");
  client.send("later");
  settle();
  REQUIRE(saw("leave protocol_error 1002")); // a slow target has its own thread
  CHECK(log->seen() == strings{"good", "leave protocol_error 1002"});
}

// -- a full window ------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "messages behind a full window are held, and follow "
                           "in order when the target answers") {
  std::uint32_t window = 0;
  SUBCASE("of one message") {
    window = 1;
  }
  SUBCASE("of several") {
    window = 4;
  }
  SUBCASE("of many") {
    window = 128;
  }
  start_with(holding, [=](auto& config) { options(config).window = window; });
  auto client = connect_raw();
  strings all;
  std::string bytes;
  for (int i = 0; i < 1000; ++i) {
    all.push_back(std::to_string(i));
    bytes += to_bytes({opcode::text, all.back()});
  }
  client.socket().send(bytes);
  REQUIRE(holds_soon([&] { return log->seen().size() >= window; }));
  settle();
  CHECK(log->seen() == strings(all.begin(), all.begin() + window));
  caf::anon_send(target, caf::ok_atom_v);
  CHECK(holds_soon([&] { return log->seen().size() == all.size(); }));
  CHECK(log->seen() == all);
}

TEST_CASE_FIXTURE(fixture, "an end behind a full window comes after the "
                           "messages before it") {
  start_with(holding, [](auto& config) { options(config).window = 2; });
  auto client = connect_raw();
  for (auto text : {"1", "2", "3", "4", "5"})
    client.send(text);
  auto end = std::string{"leave connection_lost 1006"};
  SUBCASE("a FIN") {
    client.socket().close();
  }
  SUBCASE("a close frame") {
    client.send_close(1000);
    end = "leave client_closed 1000";
  }
  REQUIRE(saw("2"));
  settle();
  CHECK(log->seen() == strings{"1", "2"});
  caf::anon_send(target, caf::ok_atom_v);
  REQUIRE(saw(end));
  CHECK(log->seen() == strings{"1", "2", "3", "4", "5", end});
}

TEST_CASE_FIXTURE(fixture, "a client that goes behind a full window is let go, "
                           "and nothing of it is lost") {
  auto pings = false;
  std::string end = "leave connection_lost 1006";
  void (*go)(raw_client&) = [](auto& x) { x.end_output(); };
  SUBCASE("it ends its half") {}
  SUBCASE("it ends") {
    go = [](auto& x) { x.socket().close(); };
  }
  SUBCASE("it closes and waits for the answer") {
    go = [](auto& x) { x.send_close(4000); };
    end = "leave client_closed 4000";
    pings = true; // nobody tells the relay
  }
  start_with(holding, [=](auto& config) {
    options(config).window = 2;
    options(config).close_timeout = 50ms;
    if (pings)
      options(config).ping_interval = 10ms;
  });
  auto client = connect_raw();
  for (auto text : {"1", "2", "3", "4", "5"})
    client.send(text);
  REQUIRE(saw("2"));
  go(client);
  REQUIRE(saw(end));
  CHECK(log->seen() == strings{"1", "2", "3", "4", "5", end});
  CHECK(holds_soon([this] { return connections() == 0; }));
  caf::anon_send(target, caf::ok_atom_v);
}

TEST_CASE_FIXTURE(fixture, "a socket that breaks behind a full window is "
                           "noticed") {
  auto ping = false;
  SUBCASE("by what the target sends") {}
  SUBCASE("by a ping") {
    ping = true;
  }
  start_with(holding, [=](auto& config) {
    options(config).window = 1;
    if (!ping)
      return;
    options(config).ping_interval = 10ms;
    options(config).pong_timeout = 200ms;
  });
  auto client = connect_raw();
  client.send("1");
  client.send("2");
  REQUIRE(saw("1"));
  client.socket().reset();
  CHECK(holds_soon([&] {
    if (!ping)
      caf::anon_send(log->client(), ws_send{message_type::text, "anybody?"});
    return log->seen().back().starts_with("leave ");
  }));
  CHECK(holds_soon([this] { return connections() == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a socket that broke before its window is full is "
                           "noticed behind it") {
  start_with(recording, [](auto& config) { // pings are off
    options(config).window = 2;
    config.services.front().in_place_budget = 10s;
  });
  raw_client* broken = nullptr;
  add("b", system.spawn(breaking, log, &broken));
  raw_client client{relay->port(), "/ws/to/b"};
  broken = &client;
  client.send("1");
  REQUIRE(saw("1"));
  CHECK(saw("leave connection_lost 1006"));
  CHECK(joined(log->seen()) == "1, 2, leave connection_lost 1006");
}

} // namespace wsrelay::session_test
