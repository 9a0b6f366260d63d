// The acceptor: credit for the listener, who is connected, the stop.
#include "actors/acceptor.hpp"

#include "test/support/connected.hpp"

#include <caf/all.hpp>

using namespace wsrelay;
using namespace wsrelay::test;

namespace {

struct fake_listener final : listener_port {
  void report_to(acceptor_state& who) override { acceptor = &who; }
  void grant(std::size_t count) override { credit += count; }
  void stop() override { ++stops; }
  void abort() override { ++aborts; }

  // The listening socket, played by the test.
  void accept() {
    REQUIRE(credit > 0);
    --credit;
    acceptor->on_accepted();
  }
  void fail() {
    REQUIRE(credit > 0);
    --credit;
    acceptor->on_accept_failed();
  }

  acceptor_state* acceptor = nullptr;
  std::size_t credit = 0;
  int stops = 0;
  int aborts = 0;
};

struct fixture {
  checked_node node;
  probe target{node};
  std::shared_ptr<fake_listener> port{std::make_shared<fake_listener>()};
  caf::actor actor;

  fixture() {
    acceptor_config config;
    config.max_connections = 3;
    config.back_off = milliseconds{100};
    actor = spawn_on(node.system(), nullptr, acceptor, listener_port_ptr{port},
                     config);
    node.send(actor, acceptor_start{});
    node.run();
  }

  ~fixture() { caf::anon_send_exit(actor, caf::exit_reason::kill); }

  fake_client open(std::string address = "192.0.2.1") {
    port->accept();
    auto client = node.connect(target);
    node.send(actor, acceptor_opened{{client.actor(), to_string(client.actor()),
                                      std::move(address), "ws"}});
    node.run();
    return client;
  }

  void socket_gone(std::uint32_t count = 1) {
    node.send(actor, acceptor_socket_closed{count});
    node.run();
  }

  std::vector<connection_info> list() {
    auto answer =
        node.request<std::vector<connection_info>>(actor, acceptor_list{});
    REQUIRE(answer);
    return *answer;
  }

  pending_reply<void> stop(milliseconds timeout = milliseconds{1000}) {
    auto reply = node.begin_request<void>(actor, acceptor_stop{timeout});
    node.run();
    return reply;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "the listener may accept up to the limit") {
  CHECK(port->credit == 3);
  for (int i = 0; i < 3; ++i)
    port->accept();
  node.run();
  CHECK(port->credit == 0);
  socket_gone();
  CHECK(port->credit == 1);
  port->accept();
  socket_gone(3);
  CHECK(port->credit == 3);
}

TEST_CASE_FIXTURE(fixture,
                  "after a failed accept the credit comes back later") {
  port->fail();
  node.run();
  CHECK(port->credit == 2);
  node.advance(milliseconds{99});
  CHECK(port->credit == 2);
  node.advance(milliseconds{1});
  CHECK(port->credit == 3);
}

TEST_CASE_FIXTURE(fixture, "the list names every connection, with its place") {
  CHECK(list().empty());
  auto first = open("192.0.2.1");
  auto second = open("2001:db8::1");
  auto all = list();
  REQUIRE(all.size() == 2);
  if (all[0].client != first.actor())
    std::swap(all[0], all[1]);
  CHECK(all[0].client == first.actor());
  CHECK(all[0].client_pid.view() == to_string(first.actor()));
  CHECK(all[0].remote_address == "192.0.2.1");
  CHECK(all[1].remote_address == "2001:db8::1");
  CHECK(all[1].endpoint == "ws");
}

TEST_CASE_FIXTURE(fixture, "the numbers name every connection with its place, "
                           "and do not hold the acceptor up") {
  auto first = open("192.0.2.1");
  auto second = open("2001:db8::1");
  first.send_text("four");
  node.run();
  // A connection whose messages wait; the acceptor answers meanwhile.
  auto mute = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[self](connection_stats_get) {
      return self->make_response_promise<connection_stats>();
    }};
  });
  port->accept();
  node.send(actor, acceptor_opened{{mute, "", "192.0.2.3", "ws"}});
  auto reply =
      node.begin_request<std::vector<connection_row>>(actor, acceptor_stats{});
  node.run();
  CHECK_FALSE(reply.answered());
  CHECK(list().size() == 3);
  node.advance(milliseconds{2000});
  REQUIRE(reply.succeeded());
  auto rows = *reply.get();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].client_pid.view() == to_string(first.actor()));
  CHECK(rows[0].remote_address == "192.0.2.1");
  CHECK(rows[0].endpoint == "ws");
  REQUIRE(rows[0].numbers);
  CHECK(rows[0].numbers->messages_in == 1);
  CHECK(rows[0].numbers->target_pid == to_string(target.actor()));
  CHECK(rows[1].numbers);
  CHECK_FALSE(rows[2].numbers);
  caf::anon_send_exit(mute, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(fixture, "a connection that ends is listed no more") {
  auto first = open();
  auto second = open();
  first.lose();
  node.run();
  REQUIRE(list().size() == 1);
  CHECK(list()[0].client == second.actor());
}

TEST_CASE_FIXTURE(fixture, "a connection that ended before it was announced is "
                           "not listed") {
  port->accept();
  auto client = node.connect(target);
  client.lose();
  node.run();
  node.send(actor, acceptor_opened{{client.actor(), "", "192.0.2.1", "ws"}});
  node.run();
  CHECK(list().empty());
}

TEST_CASE_FIXTURE(fixture, "a stop without connections is answered at once") {
  auto reply = stop();
  CHECK(reply.succeeded());
  CHECK(port->stops == 1);
  CHECK(port->aborts == 0);
}

// Known failure 12: browsers saw 1006 when the server stopped.
TEST_CASE_FIXTURE(fixture, "a stop closes every connection with 1001") {
  auto first = open();
  auto second = open();
  auto reply = stop();
  CHECK(port->stops == 1);
  for (auto* client : {&first, &second})
    CHECK(client->close_frame() == client_close{1001, "server shutting down"});
  CHECK(target.leaves().size() == 2);
  CHECK(target.log().back() == "leave shutdown 1001 last=0");
  CHECK_FALSE(reply.answered()); // the sockets are still there
  socket_gone(2);
  CHECK(reply.succeeded());
  CHECK(port->credit == 1); // nothing is accepted any more
}

TEST_CASE_FIXTURE(fixture, "a stop waits for requests that were not upgraded") {
  port->accept();
  auto reply = stop();
  CHECK_FALSE(reply.answered());
  socket_gone();
  CHECK(reply.succeeded());
}

TEST_CASE_FIXTURE(fixture, "a connection that opens during a stop is closed") {
  port->accept();
  auto reply = stop();
  auto client = node.connect(target);
  node.send(actor, acceptor_opened{{client.actor(), "", "192.0.2.1", "ws"}});
  node.run();
  CHECK(client.close_frame() == client_close{1001, "server shutting down"});
  socket_gone();
  CHECK(reply.succeeded());
}

TEST_CASE_FIXTURE(fixture, "a stop gives up at its timeout, not before") {
  port->accept();
  auto reply = stop(milliseconds{1000});
  node.advance(milliseconds{999});
  CHECK(port->aborts == 0);
  node.advance(milliseconds{1});
  CHECK(port->aborts == 1);
  socket_gone(); // what abort leads to
  CHECK(reply.succeeded());
}

TEST_CASE_FIXTURE(fixture, "a client that reads nothing does not hold up a "
                           "stop for longer than its timeout") {
  auto client = open();
  client.stall(); // the close frame waits
  auto reply = stop(milliseconds{1000});
  node.advance(milliseconds{999});
  CHECK(list().size() == 1);
  node.advance(milliseconds{1});
  CHECK(port->aborts == 1);
  CHECK(list().empty());
  socket_gone(); // what abort leads to
  CHECK(reply.succeeded());
  CHECK(target.leaves().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "a stop that has ended gives nothing up") {
  auto client = open();
  auto reply = stop(milliseconds{1000});
  socket_gone();
  CHECK(reply.succeeded());
  node.advance(milliseconds{5000});
  CHECK(port->aborts == 0);
}

TEST_CASE_FIXTURE(fixture, "everybody who asks for a stop is answered") {
  port->accept();
  auto first = stop();
  auto second = stop();
  socket_gone();
  CHECK(first.succeeded());
  CHECK(second.succeeded());
  CHECK(stop().succeeded());
  CHECK(port->stops == 1);
}

TEST_CASE_FIXTURE(fixture, "a failed accept during a stop gives no credit") {
  port->fail();
  auto reply = stop();
  node.advance(milliseconds{1000});
  CHECK(port->credit == 2);
}
