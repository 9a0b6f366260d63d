// How a session ends: by a close of either side, without a sign of life, with
// its node or before it began.
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "net/loop/stream_socket.hpp"
#include "net/ws/session.hpp"
#include "test/net/ws/session_fixture.hpp"

namespace wsrelay::session_ending_test {

using namespace wsrelay::test;
using fixture = ws_session_fixture;

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
  CHECK(client.receive() == "close 1011 connection failed: connect again");
  client.send_close(1011);
  CHECK(client.receive() == "end");
}

TEST_CASE_FIXTURE(fixture, "behind a close of the relay a client may send so "
                           "much, and no more") {
  start_with(recording, [](auto& config) {
    options(config).max_message_size = 1024;
    options(config).close_timeout = 1h;
  });
  auto client = connect_raw();
  client.send("hello");
  REQUIRE(saw("hello"));
  auto piece = to_bytes({opcode::binary, std::string(1000, 'x')});
  std::string behind;
  SUBCASE("frames, behind a close frame of its own") {
    caf::anon_send(log->client(), ws_close{4000, "bye"});
    CHECK(client.receive() == "close 4000 bye");
  }
  SUBCASE("anything, behind a violation") {
    client.socket().send("violation");
    CHECK(client.receive().starts_with("close 1002 "));
  }
  // 16 MiB are 16,710 pieces; the kernels hold some more.
  std::size_t sent = 0;
  while (sent < 50'000 && client.socket().send(piece))
    ++sent;
  CHECK(sent > 16'000);
  CHECK(sent < 50'000);
  CHECK(holds_soon([this] { return connections() == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a client that ends its half while the relay closes "
                           "gets all output") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  caf::anon_send(log->client(), ws_close{4000, "bye"});
  REQUIRE(saw("leave closed 4000"));
  client.end_output();
  settle();
  CHECK(receives_flood(client));
  CHECK(client.receive() == "close 4000 bye");
  CHECK(client.receive() == "end");
}

TEST_CASE_FIXTURE(fixture, "a client that ends its half behind its close gets "
                           "all output") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  client.send_close(4001);
  client.end_output();
  REQUIRE(saw("leave client_closed 4001"));
  CHECK(receives_flood(client));
  CHECK(client.receive() == "close 4001 closed by the client");
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
    CHECK(client.receive() == "close 4001 closed by the client");
  }
  SUBCASE("reads nothing") {
    client.send("flood");
    REQUIRE(saw("flood"));
    caf::anon_send(log->client(), ws_close{4000, "bye"});
  }
  CHECK(holds_soon([this] {
    auto next = plain_socket::connect_to(relay->port());
    next.send("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
    return next.receive_until("\r\n").starts_with("HTTP/1.1 404");
  }));
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

// -- the start ----------------------------------------------------------------

TEST_CASE_FIXTURE(loop_fixture, "a session that is dropped before its actor "
                                "has started ends it") {
  auto before = system.registry().running();
  auto log = std::make_shared<target_record>();
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
  CHECK(holds_soon([&] { // a target that was spawned for it learns the end
    return log->seen() == strings{"leave connection_lost 1006"};
  }));
  if (log->client()) // so that the failure does not hang
    caf::anon_send_exit(log->client(), caf::exit_reason::kill);
  caf::anon_send_exit(target, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(acceptor, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(directory, caf::exit_reason::user_shutdown);
  CHECK(holds_soon([&] { return system.registry().running() == before; }));
}

} // namespace wsrelay::session_ending_test
