// Handlers of each kind, and what they answer.
#include "test/http_kit_test/relay_fixture.hpp"

namespace wsrelay::test_relay_handlers_test {

using namespace wsrelay::test;

TEST_CASE_FIXTURE(relay_fixture, "a handler actor sees the request and names "
                                 "the target") {
  http_request seen;
  handle([&](const http_request& request) {
    seen = request;
    http_response response;
    response.relay = relay_to{hall, {}, {}, R"({"user":"ann"})"};
    return response;
  });
  auto ann =
      relay.connect("/ws/play/7?name=ann", from_app({{"Cookie", "a=b"}}));
  CHECK(seen.path == "/ws/play/7");
  CHECK(seen.query == "name=ann");
  CHECK(find_field(seen.params, "room") == "7");
  CHECK(find_field(seen.headers, "Cookie") == "a=b");
  CHECK(seen.remote_address == "192.0.2.1");
  CHECK(seen.host == "relay.test");
  CHECK(seen.websocket);
  CHECK(hall.log() == std::vector<std::string>{R"(join {"user":"ann"})"});
  CHECK(ann.is_open());
}

TEST_CASE_FIXTURE(relay_fixture, "or refuses, and the client sees its answer") {
  handle([](const http_request&) {
    return http_response{401, {{"WWW-Authenticate", "Bearer"}}, "who?", {}};
  });
  auto answer = relay.request("/ws/play/7", from_app());
  CHECK(answer.status == 401);
  CHECK(answer.header("WWW-Authenticate") == "Bearer");
  CHECK(answer.body == "who?");
}

TEST_CASE_FIXTURE(relay_fixture, "a handler that is not there, and one that "
                                 "fails") {
  CHECK(relay.request("/ws/play/7", from_app()).status == 503);
  handle([](const http_request&) -> caf::result<http_response> {
    return make_error(errc::invalid_message, "broken");
  });
  auto answer = relay.request("/ws/play/7", from_app());
  CHECK(answer.status == 500);
  CHECK(answer.check == "handler");
}

TEST_CASE_FIXTURE(relay_fixture, "a handler that takes its time") {
  auto held = std::make_shared<std::vector<caf::response_promise>>();
  auto slow = node.system().spawn([held](caf::event_based_actor* self) {
    return caf::behavior{[held, self](const http_request&) {
      held->push_back(self->make_response_promise());
      return held->back();
    }};
  });
  REQUIRE(node.put("doorkeeper", slow));
  auto waiting = relay.begin_request({"/ws/play/7", from_app()});
  node.run();
  CHECK_FALSE(waiting.answered());
  CHECK(waiting.get().status == 0);
  CHECK_THROWS_AS(relay.request("/ws/play/7", from_app()), std::logic_error);
  node.advance(milliseconds{1999});
  CHECK_FALSE(waiting.answered());
  node.advance(milliseconds{1});
  CHECK(waiting.get().status == 504);
  held->clear();
}

TEST_CASE_FIXTURE(relay_fixture, "a client that goes before it is answered") {
  probe made{node};
  handle([&](const http_request&) {
    http_response response;
    response.relay = relay_to{made, {}, {}, {}};
    return response;
  });
  auto waiting = relay.begin_request({"/ws/play/7", from_app()});
  waiting.cancel();
  node.run();
  CHECK_FALSE(waiting.answered());
  CHECK(made.log() == std::vector<std::string>{"refused client"});
}

TEST_CASE_FIXTURE(relay_fixture, "an HTTP server is played by the test") {
  http_request seen;
  relay.play_upstreams([&](const http_request& request) {
    seen = request;
    http_response response;
    response.headers = {{"X-WS-Relay", R"({"target_pid":"hall"})"},
                        {"Set-Cookie", "a=b"}};
    return response;
  });
  auto answer = relay.request("/ws/away?x=1", from_app({{"X-WS-Relay", "x"}}));
  CHECK(answer.status == 101);
  CHECK(answer.header("Set-Cookie") == "a=b");
  CHECK(answer.header("X-WS-Relay").empty());
  CHECK(seen.target == "/base/ws/away?x=1");
  CHECK(find_field(seen.headers, "Host") == "127.0.0.1:3000");
  CHECK(find_field(seen.headers, "X-Forwarded-For") == "192.0.2.1");
  CHECK(find_field(seen.headers, "X-WS-Relay-Upgrade") == "websocket");
  CHECK_FALSE(find_field(seen.headers, "X-WS-Relay"));
}

TEST_CASE_FIXTURE(relay_fixture, "without one none can be reached") {
  auto answer = relay.request("/ws/away", from_app());
  CHECK(answer.status == 502);
  CHECK(answer.check == "upstream");
}

TEST_CASE_FIXTURE(relay_fixture, "an invalid command is the server's fault") {
  relay.play_upstreams([](const http_request&) {
    return http_response{200, {{"X-WS-Relay", "{"}}, {}, {}};
  });
  auto answer = relay.request("/ws/away", from_app());
  CHECK(answer.status == 502);
  CHECK(answer.check == "command");
}

TEST_CASE("what is refused by a close frame") {
  constexpr std::string_view yaml = R"(
- {name: gateway, kind: http.service, addr: "127.0.0.1:0"}
- name: ws
  kind: http.router
  meta: {server: gateway}
  prefix: ""
  post_middleware: [websocket_relay]
  post_options: {wsrelay.refuse: accept_then_close}
- {name: hi, kind: http.endpoint, meta: {router: ws}, path: /hi, relay: {target_pid: nobody}}
)";
  test_node node;
  test_relay relay{node, yaml};
  auto answer = relay.request("/hi");
  CHECK(answer.status == 101);
  REQUIRE(answer.close);
  CHECK(answer.close->code == 4503);
  CHECK_FALSE(answer.client);
}

} // namespace wsrelay::test_relay_handlers_test
