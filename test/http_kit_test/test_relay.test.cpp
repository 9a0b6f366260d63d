// Routes and the checks that need no handler.
#include "test/http_kit_test/relay_fixture.hpp"

#include <sstream>

namespace wsrelay::test_relay_test {

using namespace wsrelay::test;

TEST_CASE_FIXTURE(relay_fixture, "a request becomes a client at its target") {
  auto answer = relay.request("/ws/fixed", from_app());
  CHECK(answer.status == 101);
  REQUIRE(answer.client);
  CHECK(hall.joins().size() == 1);
  answer.client->send_text("hi");
  node.run();
  REQUIRE(hall.messages().size() == 1);
  CHECK(hall.messages().front().data.view() == "hi");
  node.send(answer.client->actor(), ws_send{message_type::text, "ho"});
  node.run();
  CHECK(answer.client->take() == std::vector{text("ho")});
}

TEST_CASE_FIXTURE(relay_fixture, "or is refused, with the check that says no") {
  CHECK(relay.request("/ws/nothing").status == 404);
  CHECK(relay.request("/elsewhere").check == "path");
  auto foreign = relay.request("/ws/fixed", {{"Origin", "https://evil.test"}});
  CHECK(foreign.status == 403);
  CHECK(foreign.check == "origin");
  CHECK(foreign.header("content-type") == "application/problem+json");
  CHECK_FALSE(foreign.client);
  CHECK(hall.joins().empty());
}

TEST_CASE_FIXTURE(relay_fixture, "a page of another host is refused, unless it "
                                 "is no page") {
  CHECK(relay.request("/ws/fixed").status == 403); // from the relay's own host
  client_request program{"/ws/fixed", {{"Origin", ""}}};
  CHECK(relay.request(program).status == 403);
}

TEST_CASE_FIXTURE(relay_fixture, "a request for no WebSocket") {
  auto answer = relay.get("/ws/fixed");
  CHECK(answer.status == 426);
  CHECK(answer.header("Upgrade") == "websocket");
  client_request post{"/ws/fixed"};
  post.method = "POST";
  post.websocket = false;
  auto refused = relay.request(post);
  CHECK(refused.status == 405);
  CHECK(refused.header("Allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE_FIXTURE(relay_fixture, "what is no request of HTTP is refused by the "
                                 "kit") {
  for (auto* target : {"", "*", "ws/fixed", "/ws/fixed#x", "/ws/fi xed"})
    CHECK_THROWS_AS(relay.request(target), std::invalid_argument);
  CHECK_THROWS_AS(relay.request("/ws/fixed", {{"a b", "c"}}),
                  std::invalid_argument);
  CHECK_THROWS_AS(relay.request("/ws/fixed", {{"a", "b\r\nc: d"}}),
                  std::invalid_argument);
  client_request head{"/nothing"};
  head.method = "HEAD";
  head.websocket = false;
  CHECK(relay.request(head).status == 404);
  CHECK(relay.request(head).body.empty());
}

TEST_CASE_FIXTURE(relay_fixture, "a target that is not there") {
  hall.end();
  node.run();
  auto answer = relay.request("/ws/fixed", from_app());
  CHECK(answer.status == 503);
  CHECK(answer.check == "target");
}

TEST_CASE_FIXTURE(relay_fixture, "a limit holds until the client's socket is "
                                 "closed") {
  auto ann = relay.connect("/ws/fixed", from_app());
  auto answer = relay.request("/ws/fixed", from_app());
  CHECK(answer.status == 503);
  CHECK(answer.check == "endpoint");
  ann.close();
  node.run();
  CHECK(relay.request("/ws/fixed", from_app()).status == 101);
}

TEST_CASE_FIXTURE(relay_fixture, "connecting fails with a text that says why") {
  try {
    relay.connect("/ws/fixed");
    FAIL("it connected");
  } catch (const not_connected& error) {
    std::string what = error.what();
    CHECK(what.starts_with("/ws/fixed: 403 origin {"));
  }
}

TEST_CASE_FIXTURE(relay_fixture, "a proxy's header counts, a stranger's does "
                                 "not") {
  http_fields told{{"X-WS-Relay", R"({"target_pid":"hall"})"}};
  client_request what{"/ws/told", from_app(told)};
  CHECK(relay.request(what).status == 403);
  what.address = "10.0.0.1";
  CHECK(relay.request(what).status == 101);
}

TEST_CASE("the first service is the one, unless another is named") {
  constexpr std::string_view yaml = R"(
- {name: one, kind: http.service, addr: "127.0.0.1:0"}
- {name: two, kind: http.service, addr: "127.0.0.1:0"}
- {name: ws, kind: http.router, meta: {server: two}, prefix: "", post_middleware: [websocket_relay]}
- {name: hi, kind: http.endpoint, meta: {router: ws}, path: /hi, relay: {target_pid: hall}}
)";
  test_node node;
  probe hall{node};
  REQUIRE(node.put("hall", hall));
  {
    test_relay first{node, yaml};
    CHECK(first.request("/hi").status == 404);
  }
  test_relay second{node, yaml, "two"};
  CHECK(second.request("/hi").status == 101);
  CHECK_THROWS_AS(test_relay(node, yaml, "three"), std::invalid_argument);
}

TEST_CASE("a configuration with errors tells all of them") {
  test_node node;
  try {
    test_relay relay{node, "- {name: a, kind: http.servic}\n- {name: b}\n"};
    FAIL("it was taken");
  } catch (const std::invalid_argument& error) {
    std::string what = error.what();
    CHECK(what.find("test:1:") != std::string::npos);
    CHECK(what.find("test:2:") != std::string::npos);
  }
}

TEST_CASE("its end takes its clients") {
  test_node node;
  probe hall{node};
  REQUIRE(node.put("hall", hall));
  auto before = node.running_actors();
  {
    test_relay relay{node, routes_yaml};
    relay.connect("/ws/fixed", relay_fixture::from_app());
  }
  CHECK(hall.log().back() == "leave connection_lost 1006 last=0");
  CHECK(node.running_actors() == before);
}

TEST_CASE("an answer prints as one line") {
  std::ostringstream out;
  out << client_answer{403, {}, "no", "origin"};
  CHECK(out.str() == "403 origin no");
}

} // namespace wsrelay::test_relay_test
