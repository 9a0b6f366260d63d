// A relay in a program, from the outside.
#include "test/net/http/certificates.hpp"
#include "test/net/node_fixture.hpp"

#include <fstream>

namespace wsrelay::node_test {

using namespace wsrelay::test;

TEST_CASE_FIXTURE(node_fixture, "a message goes to the target and back") {
  start();
  auto client = connect("/ws/to/echo");
  REQUIRE(client.answer().status == 101);
  client.send("hello");
  CHECK(client.receive() == "hello");
  client.close();
  CHECK(holds_soon([this] { return connections() == 0; }));
}

TEST_CASE_FIXTURE(node_fixture, "a node that stops closes its connections with "
                                "1001") {
  start();
  auto client = connect("/ws/to/echo");
  REQUIRE(client.answer().status == 101);
  std::thread reader{[&client] { CHECK(client.wait_for_close() == 1001); }};
  relay->stop();
  reader.join();
  CHECK(relay->port() == 0);
  CHECK(relay->url() == "");
  relay->stop(); // a second time
}

TEST_CASE_FIXTURE(node_fixture, "a node starts again after it was stopped") {
  start();
  relay->stop();
  REQUIRE(relay->start());
  auto client = connect("/ws/to/echo");
  CHECK(client.answer().status == 101);
  client.close();
}

TEST_CASE_FIXTURE(node_fixture, "the url names the port that was bound") {
  start();
  CHECK(relay->port() != 0);
  CHECK(relay->port("gateway") == relay->port());
  CHECK(relay->url() == fmt::format("http://127.0.0.1:{}", relay->port()));
  CHECK(relay->port("no such service") == 0);
  CHECK(relay->acceptors("no such service").empty());
}

TEST_CASE_FIXTURE(node_fixture, "a wildcard address has a url that works") {
  auto config = make_config();
  config.services.front().addresses.front().tcp.host = "0.0.0.0";
  start(config);
  CHECK(relay->url() == fmt::format("http://localhost:{}", relay->port()));
}

TEST_CASE_FIXTURE(node_fixture, "a port in use is a failure and nothing runs") {
  start();
  auto config = make_config();
  config.services.front().addresses.front().tcp.port = relay->port();
  node second{system, config};
  auto started = second.start();
  REQUIRE(!started);
  CHECK(started.error().what.find(std::to_string(relay->port()))
        != std::string::npos);
  CHECK(second.port() == 0);
}

TEST_CASE_FIXTURE(node_fixture, "an invalid configuration does not start") {
  auto config = make_config();
  config.services.front().max_connections = 0;
  relay.emplace(system, config);
  CHECK(!relay->start());
}

TEST_CASE_FIXTURE(node_fixture, "authorities that are none do not start") {
  test_authority authority;
  auto file = authority.file();
  std::ofstream{file} << "-----BEGIN CERTIFICATE-----\nMIIB\n";
  relay.emplace(system, make_config(fmt::format(R"yaml(
- name: app
  kind: http.endpoint
  meta:
    router: ws
  path: /app
  upstream: https://127.0.0.1
  ca: {}
)yaml",
                                                file)));
  auto started = relay->start();
  REQUIRE(!started);
  CHECK(started.error().what.find("app.ca: cannot use " + file)
        != std::string::npos);
  CHECK(relay->port() == 0);
}

TEST_CASE_FIXTURE(node_fixture, "a name that is taken is refused") {
  start();
  auto other = system.spawn(echo);
  spawned.push_back(other);
  CHECK(!relay->put("echo", other));
  CHECK(!relay->put("", other));
  CHECK(!relay->put("nobody", nullptr));
  CHECK(relay->put("other", other));
  CHECK(relay->put("other", other)); // the same again
}

TEST_CASE_FIXTURE(node_fixture, "a name of the relay's own actors is refused, "
                                "and the node ends all the same") {
  start();
  auto other = system.spawn(echo);
  spawned.push_back(other);
  for (std::string name :
       {"wsrelay.acceptor.gateway", "wsrelay.acceptor.gateway.0", "wsrelay."}) {
    auto put = relay->put(name, other);
    REQUIRE(!put);
    CHECK(put.error().what
          == "invalid_message: names that begin with wsrelay. are the relay's "
             "own");
    CHECK(!relay->offer(name, other));
  }
  CHECK(relay->put("wsrelay", other));
}

TEST_CASE_FIXTURE(node_fixture, "a target that is not there is no upgrade") {
  start();
  auto client = connect("/ws/to/nobody");
  CHECK(client.answer().status == 503);
  CHECK(client.answer()["Content-Type"] == "application/problem+json");
}

TEST_CASE_FIXTURE(node_fixture, "a request that is no upgrade is told so") {
  start();
  auto answer = http_get(relay->port(), "/ws/to/echo");
  CHECK(answer.status == 426);
  CHECK(answer["Upgrade"] == "websocket");
  CHECK(http_get(relay->port(), "/nothing").status == 404);
}

TEST_CASE_FIXTURE(node_fixture, "two services have their own ports and "
                                "routes") {
  start(make_config(R"yaml(
- name: second
  kind: http.service
  addr: 127.0.0.1:0
  threads: 1
- name: other
  kind: http.router
  meta:
    server: second
  prefix: /other
  post_middleware:
    - websocket_relay
- name: other_echo
  kind: http.endpoint
  meta:
    router: other
  path: /echo
  relay:
    target_pid: echo
)yaml"));
  auto first = relay->port("gateway"), second = relay->port("second");
  CHECK(first != second);
  ws_client a{first, "/ws/to/echo"}, b{second, "/other/echo"};
  CHECK(a.answer().status == 101);
  CHECK(b.answer().status == 101);
  CHECK(ws_client{second, "/ws/to/echo"}.answer().status == 404);
  b.send("over the second");
  CHECK(b.receive() == "over the second");
  a.close();
  b.close();
}

TEST_CASE_FIXTURE(node_fixture, "a service's acceptor has a name while the "
                                "service runs") {
  start();
  caf::scoped_actor self{system};
  auto names = [&] {
    std::vector<std::string> result;
    self->request(relay->directory(), caf::infinite, directory_list{})
        .receive(
            [&](const std::vector<directory_entry>& entries) {
              for (auto& entry : entries)
                result.push_back(entry.name);
            },
            [](caf::error&) {});
    return result;
  };
  auto has = [](const std::vector<std::string>& all, std::string_view name) {
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  CHECK(has(names(), "wsrelay.acceptor.gateway.0"));
  relay->stop();
  CHECK_FALSE(has(names(), "wsrelay.acceptor.gateway.0"));
  REQUIRE(relay->start());
  CHECK(has(names(), "wsrelay.acceptor.gateway.0"));
}

} // namespace wsrelay::node_test
