// A session between a target and a client that misbehaves byte by byte.
#include "net/ws/session.hpp"

#include "actors/directory.hpp"
#include "actors/ending.hpp"
#include "net/loop/stream_socket.hpp"
#include "test/net/http/raw_client.hpp"
#include "test/net/node_fixture.hpp"

#include <algorithm>

using namespace wsrelay;
using namespace wsrelay::test;

namespace {

using strings = std::vector<std::string>;

// More than the kernel holds of a connection, in more pieces than pongs wait.
constexpr std::size_t flood_pieces = 150;
constexpr std::size_t flood_piece = 256 * 1024;

// What a target saw: messages, and how its connections left.
class record {
public:
  void add(std::string what) {
    std::unique_lock guard{mutex_};
    seen_.push_back(std::move(what));
  }
  void joined(const caf::actor& who) {
    std::unique_lock guard{mutex_};
    client_ = who;
  }
  strings seen() {
    std::unique_lock guard{mutex_};
    return seen_;
  }
  caf::actor client() {
    std::unique_lock guard{mutex_};
    return client_;
  }

private:
  std::mutex mutex_;
  strings seen_;
  caf::actor client_;
};

using shared_record = std::shared_ptr<record>;

std::string describe(const ws_leave& message) {
  return "leave " + std::string{to_text(message.reason)} + " "
         + std::to_string(message.code);
}

// Keeps a record, and floods the client that asks for it.
caf::behavior recording(caf::event_based_actor* self, shared_record to) {
  auto flood = shared_buffer{std::string(flood_piece, 'x')};
  return {
      [to](const ws_join& message) { to->joined(message.client); },
      [=](const ws_message& message) {
        if (message.data.view() == "flood")
          for (std::size_t i = 0; i < flood_pieces; ++i)
            self->send(message.client, ws_send{message_type::binary, flood});
        to->add(std::string{message.data.view()});
      },
      [to](const ws_leave& message) { to->add(describe(message)); },
  };
}

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

struct fixture : node_fixture {
  // A node with one target, "a", that always runs on the loop.
  void start_with(caf::behavior (*what)(caf::event_based_actor*, shared_record),
                  const std::function<void(relay_config&)>& change = {}) {
    auto config = make_config();
    options(config).output_limit = 1 << 30;
    options(config).ping_interval.reset();
    config.services.front().in_place_budget = 10s;
    if (change)
      change(config);
    start(config);
    target = add("a", system.spawn(what, log));
  }

  static relay_options& options(relay_config& config) {
    return config.routers.front().options;
  }

  raw_client connect_raw(const std::string& behind = {}) {
    return raw_client{relay->port(), "/ws/to/a", behind};
  }

  // Whatever reached the loop before is handled: it has one thread, and tells
  // of its sockets in the order in which they became ready.
  void settle() {
    if (!other)
      other.emplace(relay->port(), "/ws/to/echo");
    for (int i = 0; i < 3; ++i) {
      other->send("settle");
      REQUIRE(other->receive() == "settle");
    }
  }

  bool saw(const std::string& what) {
    return holds_soon([&] {
      auto seen = log->seen();
      return std::find(seen.begin(), seen.end(), what) != seen.end();
    });
  }

  // Lets the target flood a client that does not read, until the output is
  // blocked.
  void block(raw_client& client) {
    client.send("flood");
    REQUIRE(saw("flood"));
    settle();
  }

  static bool receives_flood(raw_client& client) {
    auto expected = "binary " + std::string(flood_piece, 'x');
    for (std::size_t i = 0; i < flood_pieces; ++i)
      if (client.receive() != expected)
        return false;
    return true;
  }

  shared_record log = std::make_shared<record>();
  caf::actor target;
  std::optional<ws_client> other;
};

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
  CHECK(client.receive() == "close 4001 ");
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
  CHECK(client.receive() == "close 1002 ");
  CHECK(client.receive() == "end");
  client.send("later");
  settle();
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

// -- blocked output -----------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "two pings while output is blocked are both "
                           "answered, in order, behind it") {
  start_with(recording);
  auto client = connect_raw();
  client.send(opcode::ping, "0");
  CHECK(client.receive() == "pong 0");
  // Few enough pieces for pongs to wait behind them.
  auto data = shared_buffer{std::string(1 << 20, 'x')};
  for (int i = 0; i < 30; ++i)
    caf::anon_send(log->client(), ws_send{message_type::binary, data});
  settle();
  client.send(opcode::ping, "1");
  client.send(opcode::ping, "2");
  settle();
  for (int i = 0; i < 30; ++i)
    CHECK(client.receive().size() == 7 + data.size());
  CHECK(client.receive() == "pong 1");
  CHECK(client.receive() == "pong 2");
}

TEST_CASE_FIXTURE(fixture, "of a flood of pings behind blocked output only the "
                           "last is answered") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  std::string pings;
  for (int i = 0; i < 10'000; ++i)
    pings += to_bytes({opcode::ping, std::to_string(i)});
  client.socket().send(pings);
  client.send("pinged");
  REQUIRE(saw("pinged")); // all of them were read
  CHECK(receives_flood(client));
  CHECK(client.receive() == "pong 9999");
  client.send(opcode::ping, "next");
  CHECK(client.receive() == "pong next");
}

TEST_CASE_FIXTURE(fixture, "a client that only pings and never reads is "
                           "answered in bounds") {
  start_with(recording);
  auto client = connect_raw();
  constexpr std::size_t count = 200'000; // 25 MB of pongs
  std::string pings;
  auto padding = std::string(max_control_payload - 7, '.');
  for (std::size_t i = 0; i < count; ++i)
    pings +=
        to_bytes({opcode::ping, std::to_string(1'000'000 + i).append(padding)});
  client.socket().send(pings);
  client.send("pinged");
  REQUIRE(saw("pinged"));
  auto last = "pong " + std::to_string(1'000'000 + count - 1) + padding;
  std::string before, pong;
  std::size_t pongs = 0;
  while (pong != last && pong != "end") {
    before = std::exchange(pong, client.receive());
    ++pongs;
    REQUIRE(before < pong); // in order
  }
  CHECK(pong == last);
  CHECK(pongs < count); // the kernel's share, and 65
}

TEST_CASE_FIXTURE(fixture, "a client that closes while output is blocked gets "
                           "all of it and the close frame") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  client.send_close(4001);
  REQUIRE(saw("leave client_closed 4001")); // does not wait for the output
  CHECK(receives_flood(client));
  CHECK(client.receive() == "close 4001 ");
  CHECK(client.receive() == "end");
}

TEST_CASE_FIXTURE(fixture, "a request to send is answered when the kernel has "
                           "the message") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  caf::scoped_actor self{system};
  auto answer = self->request(log->client(), patience,
                              ws_send{message_type::text, "behind it"});
  settle();
  CHECK(!self->has_next_message());
  CHECK(receives_flood(client));
  CHECK(client.receive() == "text behind it");
  answer.receive([] {}, [](caf::error& error) { FAIL(to_text(error)); });
}

TEST_CASE_FIXTURE(fixture, "a client that is lost while output is blocked "
                           "fails the requests that wait") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  caf::scoped_actor self{system};
  auto answer = self->request(log->client(), patience,
                              ws_send{message_type::text, "never"});
  settle();
  client.socket().reset();
  answer.receive([] { FAIL("nobody has it"); },
                 [](caf::error& error) {
                   CHECK(error == make_error(errc::connection_lost));
                 });
  CHECK(saw("leave connection_lost 1006"));
}

// -- closing ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "the client's close frame ends a close of the "
                           "relay") {
  start_with(recording);
  auto client = connect_raw();
  client.send("hello");
  REQUIRE(saw("hello"));
  caf::anon_send(log->client(), ws_close{4000, "bye"});
  CHECK(client.receive() == "close 4000 bye");
  client.send("late");
  client.send(opcode::ping, "late");
  client.send_close(4000);
  CHECK(client.receive() == "end");
  client.socket().close();
  CHECK(saw("leave closed 4000"));
  CHECK(holds_soon([this] { return connections() == 0; }));
  CHECK(log->seen() == strings{"hello", "leave closed 4000"});
}

TEST_CASE_FIXTURE(fixture, "two close frames that cross end the connection "
                           "behind all output") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  caf::scoped_actor self{system};
  self->request(log->client(), patience, ws_close{4000, "bye"})
      .receive([] {}, [](caf::error& error) { FAIL(to_text(error)); });
  client.send_close(4001);
  settle();
  CHECK(receives_flood(client));
  CHECK(client.receive() == "close 4000 bye");
  CHECK(client.receive() == "end");
  CHECK(saw("leave closed 4000"));
}

TEST_CASE_FIXTURE(fixture, "a killed connection closes with 1011 behind all "
                           "output") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  caf::anon_send_exit(log->client(), caf::exit_reason::kill);
  REQUIRE(saw("leave exited 1011"));
  CHECK(receives_flood(client));
  CHECK(client.receive() == "close 1011 connection failed");
  client.send_close(1011);
  CHECK(client.receive() == "end");
}

// Room for one socket: a second one gets in when the first is gone.
TEST_CASE_FIXTURE(fixture, "a client that does not do its part of the close is "
                           "cut off") {
  start_with(recording, [](auto& config) {
    config.services.front().max_connections = 1;
    options(config).close_timeout = 20ms;
  });
  auto client = connect_raw();
  client.send("hello");
  REQUIRE(saw("hello"));
  SUBCASE("neither sends a close frame nor ends") {
    caf::anon_send(log->client(), ws_close{4000, "bye"});
    CHECK(client.receive() == "close 4000 bye");
  }
  SUBCASE("sends a close frame and does not end") {
    client.send_close(4001);
    CHECK(client.receive() == "close 4001 ");
  }
  SUBCASE("reads nothing") {
    client.send("flood");
    REQUIRE(saw("flood"));
    caf::anon_send(log->client(), ws_close{4000, "bye"});
  }
  auto next = connect_raw();
  next.send("next");
  CHECK(saw("next"));
}

TEST_CASE_FIXTURE(fixture, "a node that stops cuts off who does not read") {
  start_with(recording, [](auto& config) {
    config.services.front().shutdown_timeout = 20ms;
  });
  auto client = connect_raw();
  block(client);
  relay->stop();
  CHECK(saw("leave shutdown 1001"));
  CHECK(!receives_flood(client));
  CHECK(client.receive() == "end");
}

// -- signs of life ------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a quiet client that answers is pinged again") {
  start_with(recording, [](auto& config) {
    options(config).ping_interval = 10ms;
    options(config).pong_timeout = 1s; // until then one is not pinged again
  });
  auto client = connect_raw();
  for (int i = 0; i < 2; ++i) {
    REQUIRE(client.receive() == "ping ");
    client.send(opcode::pong, "");
  }
  client.send("alive");
  CHECK(saw("alive"));
}

TEST_CASE_FIXTURE(fixture, "a client that does not answer a ping is cut off") {
  start_with(recording, [](auto& config) {
    // More than two ticks of the kernel's clock, or a second ping may be needed
    // to tell an answer from what was there before.
    options(config).ping_interval = 30ms;
    options(config).pong_timeout = 20ms;
  });
  auto client = connect_raw();
  CHECK(client.receive() == "ping ");
  CHECK(client.receive() == "end");
  CHECK(saw("leave timeout 1006"));
}

TEST_CASE_FIXTURE(fixture, "of two pings of which the first had to wait the "
                           "second is answered last") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  client.send(opcode::ping, "1"); // behind too much: waits
  settle();
  // Less than 64 pieces are left, and more than none.
  for (std::size_t i = 0; i < flood_pieces - 40; ++i)
    REQUIRE(client.receive().size() == 7 + flood_piece);
  settle();
  client.send(opcode::ping, "2");
  settle();
  std::string pongs;
  for (auto next = client.receive(); !next.starts_with("text ");
       next = client.receive()) {
    if (next.starts_with("pong "))
      pongs += next + ", ";
    if (next.starts_with("pong ") && pongs.size() == 8)
      caf::anon_send(log->client(), ws_send{message_type::text, "done"});
  }
  CHECK((pongs == "pong 2, " || pongs == "pong 1, pong 2, "));
}

namespace {

// Keeps 16 MiB on the way to a client that says "stream", for ever.
caf::behavior streaming(caf::event_based_actor* self, shared_record to) {
  auto piece = shared_buffer{std::string(flood_piece, 'x')};
  auto next = std::make_shared<std::function<void(const caf::actor&)>>();
  *next = [=](const caf::actor& client) {
    self->request(client, caf::infinite, ws_send{message_type::binary, piece})
        .then([=] { (*next)(client); },
              [next](caf::error&) { *next = [](const caf::actor&) {}; });
  };
  return {
      [](const ws_join&) {},
      [next](const ws_message& message) {
        for (int i = 0; i < 64; ++i)
          (*next)(message.client);
      },
      [to](const ws_leave& message) { to->add(describe(message)); },
  };
}

} // namespace

TEST_CASE_FIXTURE(fixture, "a client that answers its pings lives, though "
                           "output never ends") {
  start_with(streaming, [](auto& config) {
    options(config).ping_interval = 10ms;
    options(config).pong_timeout = 1s;
  });
  auto client = connect_raw();
  client.send("stream");
  int pings = 0;
  std::string got;
  while (pings < 3 && got != "end") {
    got = client.receive();
    if (got != "ping ")
      continue;
    ++pings;
    client.send(opcode::pong, "");
  }
  CHECK(pings == 3);
  CHECK(log->seen().empty());
}

namespace {

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

TEST_CASE_FIXTURE(loop_fixture, "a session that is dropped before its actor "
                                "has started ends it") {
  auto before = system.registry().running();
  auto log = std::make_shared<record>();
  auto target = system.spawn(recording, log);
  auto directory = system.spawn(wsrelay::directory, std::string{});
  auto acceptor =
      spawn_on(system, &home, wsrelay::acceptor, acceptor_config{directory});
  caf::scoped_actor {
    system
    } -> request(acceptor, caf::infinite, caf::ok_atom_v)
        .receive([] {}, [](caf::error&) {});
  auto places = std::make_shared<socket_places>(1);
  REQUIRE(places->take());
  plain_listener listener;
  auto peer = plain_socket::connect_to(listener.port());
  auto accepted = listener.accept();
  home.call([&] {
    admission admitted;
    admitted.options = std::make_shared<relay_options>();
    admitted.endpoint = "endpoint";
    admitted.config.target = target;
    auto* object = caf::actor_cast<caf::abstract_actor*>(acceptor);
    start_ws_session(home,
                     std::make_unique<stream_socket>(
                         home, unique_fd{accepted.release()},
                         socket_place{places, home.socket_count}),
                     "key", std::move(admitted),
                     static_cast<acceptor_actor*>(object)->state);
    home.abort_sockets(false);
  });
  CHECK(holds_soon([&] { return system.registry().running() == before + 3; }));
  if (log->client()) // so that the failure does not hang
    caf::anon_send_exit(log->client(), caf::exit_reason::kill);
  caf::anon_send_exit(target, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(acceptor, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(directory, caf::exit_reason::user_shutdown);
  CHECK(holds_soon([&] { return system.registry().running() == before; }));
}
