// Another configuration for a node that serves.
#include "actors/error.hpp"
#include "test/net/node_fixture.hpp"
#include "test/support/line_sink.hpp"

#include <thread>

namespace wsrelay::node_reload_test {

using namespace wsrelay::test;

namespace {

relay_config with_path(std::string_view path, std::string_view more = {}) {
  return make_config(fmt::format("- name: fixed\n  kind: http.endpoint\n"
                                 "  meta: {{router: ws}}\n  path: {}\n"
                                 "  relay: {{target_pid: echo}}\n{}",
                                 path, more));
}

std::string second_service(std::uint16_t port = 0) {
  return fmt::format("- name: second\n  kind: http.service\n"
                     "  addr: 127.0.0.1:{}\n  threads: 1\n"
                     "- name: other\n  kind: http.router\n"
                     "  meta: {{server: second}}\n  prefix: /other\n"
                     "  post_middleware: [websocket_relay]\n"
                     "- name: other_echo\n  kind: http.endpoint\n"
                     "  meta: {{router: other}}\n  path: /echo\n"
                     "  relay: {{target_pid: echo}}\n",
                     port);
}

} // namespace

TEST_CASE_FIXTURE(node_fixture, "a route is found after a reload, and one that "
                                "has gone is not") {
  start(with_path("/a"));
  CHECK(http_get(relay->port(), "/ws/a").status == 426);
  auto changes = relay->reload(with_path("/b"));
  REQUIRE(changes);
  CHECK(changes->changed
        == std::vector<std::string>{"http.endpoint fixed: changed"});
  CHECK(http_get(relay->port(), "/ws/a").status == 404);
  CHECK(http_get(relay->port(), "/ws/b").status == 426);
}

TEST_CASE_FIXTURE(node_fixture, "a WebSocket stays, whatever becomes of its "
                                "route") {
  start(with_path("/a"));
  auto client = connect("/ws/a");
  REQUIRE(client.answer().status == 101);
  REQUIRE(relay->reload(with_path("/b")));
  client.send("still here");
  CHECK(client.receive() == "still here");
  auto next = connect("/ws/b");
  REQUIRE(next.answer().status == 101);
  next.send("new");
  CHECK(next.receive() == "new");
  client.close();
  next.close();
  CHECK(holds_soon([this] { return connections() == 0; }));
}

TEST_CASE_FIXTURE(node_fixture, "a configuration that is invalid changes "
                                "nothing") {
  start(with_path("/a"));
  auto bad = with_path("/b");
  bad.services.front().max_connections = 0;
  auto changes = relay->reload(bad);
  REQUIRE(!changes);
  CHECK(changes.error().what.find("max_connections") != std::string::npos);
  CHECK(http_get(relay->port(), "/ws/a").status == 426);
  CHECK(http_get(relay->port(), "/ws/b").status == 404);
}

TEST_CASE_FIXTURE(node_fixture, "a new service whose port is taken changes "
                                "nothing") {
  start(with_path("/a"));
  plain_listener taken;
  auto refused = relay->reload(
      with_path("/c", "- name: third\n  kind: http.service\n  addr: 127.0.0.1:"
                          + std::to_string(taken.port()) + "\n"));
  REQUIRE(!refused);
  CHECK(refused.error().what.find(std::to_string(taken.port()))
        != std::string::npos);
  CHECK(http_get(relay->port(), "/ws/a").status == 426);
  CHECK(http_get(relay->port(), "/ws/c").status == 404);
}

TEST_CASE_FIXTURE(node_fixture, "a new service serves, and one that has gone "
                                "keeps its WebSockets and accepts no more") {
  start(with_path("/a"));
  REQUIRE(relay->reload(with_path("/a", second_service())));
  auto port = relay->port("second");
  REQUIRE(port != 0);
  ws_client client{port, "/other/echo"};
  REQUIRE(client.answer().status == 101);
  REQUIRE(relay->reload(with_path("/a")));
  CHECK(relay->port("second") == 0);
  client.send("still here");
  CHECK(client.receive() == "still here");
  // Nobody listens there any more, so another one can.
  REQUIRE(relay->reload(with_path("/a", second_service(port))));
  CHECK(relay->port("second") == port);
  CHECK(ws_client{port, "/other/echo"}.answer().status == 101);
  std::thread reader{[&client] { CHECK(client.wait_for_close() == 1001); }};
  relay->stop();
  reader.join();
}

TEST_CASE_FIXTURE(node_fixture, "limits that are lowered count for who comes "
                                "then") {
  start(make_config());
  auto client = connect("/ws/to/echo");
  REQUIRE(client.answer().status == 101);
  REQUIRE(relay->reload(make_config({}, "  max_connections: 1\n")));
  CHECK(holds_soon(
      [this] { return http_get(relay->port(), "/").status == 503; }));
  client.send("kept");
  CHECK(client.receive() == "kept");
  REQUIRE(relay->reload(make_config()));
  CHECK(http_get(relay->port(), "/").status == 404);
  client.close();
}

TEST_CASE_FIXTURE(node_fixture, "what needs a restart is said, and the rest "
                                "happens") {
  start(with_path("/a"));
  auto next = with_path("/b");
  next.services.front().threads = 2;
  auto changes = relay->reload(next);
  REQUIRE(changes);
  CHECK(changes->kept
        == std::vector<std::string>{"gateway.threads: needs a restart"});
  CHECK(http_get(relay->port(), "/ws/b").status == 426);
  CHECK(relay->acceptors().size() == 1);
}

TEST_CASE_FIXTURE(node_fixture, "an open HTTP connection finds what is new") {
  start(with_path("/a"));
  auto client = plain_socket::connect_to(relay->port());
  auto ask = [&client] {
    client.send("GET /ws/b HTTP/1.1\r\nHost: x\r\n\r\n");
    auto head = client.receive_until("\r\n\r\n");
    auto mark = head.find("Content-Length: ");
    REQUIRE(mark != std::string::npos);
    client.receive_exactly(
        static_cast<std::size_t>(std::stoi(head.substr(mark + 16))));
    return head.substr(9, 3);
  };
  CHECK(ask() == "404");
  REQUIRE(relay->reload(with_path("/b")));
  CHECK(ask() == "426");
}

TEST_CASE_FIXTURE(node_fixture, "a node that does not run is not reloaded") {
  start(with_path("/a"));
  relay->stop();
  CHECK(!relay->reload(with_path("/b")));
}

TEST_CASE_FIXTURE(node_fixture, "reloads from several threads come one after "
                                "the other") {
  start(with_path("/a"));
  auto client = connect("/ws/a");
  REQUIRE(client.answer().status == 101);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([this, i] {
      for (int j = 0; j < 10; ++j)
        CHECK(relay->reload(with_path(i % 2 == 0 ? "/a" : "/b")));
    });
  for (int i = 0; i < 50; ++i) {
    client.send("x");
    CHECK(client.receive() == "x");
  }
  for (auto& each : threads)
    each.join();
  client.close();
}

TEST_CASE_FIXTURE(node_fixture, "an order to reload is carried out, or its "
                                "failure told") {
  start(with_path("/a"));
  caf::scoped_actor self{system};
  auto ask = [&] {
    std::string result;
    caf::actor commands;
    self->request(relay->directory(), caf::infinite,
                  directory_get{"wsrelay.node"})
        .receive([&](const caf::actor& found) { commands = found; },
                 [](caf::error&) {});
    REQUIRE(commands);
    self->request(commands, caf::infinite, node_reload{})
        .receive(
            [&](const node_reload_report& report) {
              result = report.changed.empty() ? "" : report.changed.front();
            },
            [&](caf::error& error) { result = "error: " + to_text(error); });
    return result;
  };
  CHECK(ask().find("does not reload") != std::string::npos);
  relay->on_reload_order([] { return with_path("/b"); });
  CHECK(ask() == "http.endpoint fixed: changed");
  relay->on_reload_order(
      []() -> result<relay_config> { return failure{"it is wrong"}; });
  CHECK(ask().find("it is wrong") != std::string::npos);
}

TEST_CASE_FIXTURE(node_fixture,
                  "what a reload changes is told, of much a part, "
                  "and where a new service listens") {
  start(with_path("/a"));
  captured_log log;
  auto more = second_service();
  for (int i = 0; i < 20; ++i)
    more += fmt::format("- name: more{0:02}\n  kind: http.endpoint\n"
                        "  meta: {{router: other}}\n  path: /more{0}\n"
                        "  relay: {{target_pid: echo}}\n",
                        i);
  auto next = with_path("/b", more);
  next.services.front().threads = 2;
  relay->on_reload_order([&] { return next; });
  relay->order_reload();
  CHECK(holds_soon([&] { return log.sink->has("configuration reloaded in"); }));
  CHECK(log.sink->has("configuration reloaded: changed=24"));
  CHECK(log.sink->has(
      R"(configuration changed: entry="http.endpoint fixed" how=changed)"));
  CHECK(log.sink->has(
      R"(configuration changed: entry="http.endpoint more00" how=added)"));
  CHECK(log.sink->count("configuration changed: entry=") == 20);
  CHECK(log.sink->has("configuration changed: more=4"));
  CHECK(log.sink->has("configuration reloaded in part: key=gateway.threads "
                      "reason=\"needs a restart\""));
  CHECK(log.sink->has("listening: service=second url=http://127.0.0.1:"
                      + std::to_string(relay->port("second"))));
  CHECK_FALSE(log.sink->has("listening: service=gateway"));
  CHECK_FALSE(log.sink->has("operator: ")); // nobody from outside
}

} // namespace wsrelay::node_reload_test
