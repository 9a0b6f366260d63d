// What a handler's answer turns into.
#include "test/net/node_fixture.hpp"

#include "actors/error.hpp"
#include "test/support/line_sink.hpp"

namespace wsrelay::node_handlers_test {

using namespace wsrelay::test;

namespace {

struct fixture : node_fixture {
  // Asks as a browser does, for an upgrade.
  received_answer ask(const std::string& target = "/ws/ask") {
    return connect(target).answer();
  }
};

http_response relay_response(const caf::actor& target) {
  http_response result;
  result.relay = relay_to{target, {}, {}, {}};
  return result;
}

} // namespace

TEST_CASE_FIXTURE(fixture, "a handler relays to an actor by its handle") {
  start();
  auto target = system.spawn(echo);
  spawned.push_back(target);
  add_handler([target](const http_request&) { return relay_response(target); });
  auto client = connect("/ws/ask");
  REQUIRE(client.answer().status == 101);
  client.send("by handle");
  CHECK(client.receive() == "by handle");
  client.close();
}

TEST_CASE_FIXTURE(fixture, "a handler relays by the header, which the client "
                           "does not see") {
  start();
  add_handler([](const http_request&) {
    http_response result;
    result.headers = {{"x-ws-relay", R"({"target_pid":"echo"})"},
                      {"Set-Cookie", "a=b"},
                      {"Content-Type", "text/plain"}};
    return result;
  });
  auto client = connect("/ws/ask");
  REQUIRE(client.answer().status == 101);
  CHECK(client.answer()["X-WS-Relay"] == "");
  CHECK(client.answer()["Set-Cookie"] == "a=b");
  client.send("by header");
  CHECK(client.receive() == "by header");
  client.close();
}

TEST_CASE_FIXTURE(fixture, "without the middleware the header is dropped and "
                           "nothing is relayed") {
  start(make_config(R"yaml(
- name: plain
  kind: http.router
  meta:
    server: gateway
  prefix: /plain
- name: plain_ask
  kind: http.endpoint
  meta:
    router: plain
  path: /ask
  func: handler
)yaml"));
  add_handler([](const http_request&) {
    http_response result;
    result.headers = {{"X-WS-Relay", R"({"target_pid":"echo"})"}};
    result.body = shared_buffer{"plain"};
    return result;
  });
  auto answer = ask("/plain/ask");
  CHECK(answer.status == 200);
  CHECK(answer["X-WS-Relay"] == "");
}

TEST_CASE_FIXTURE(fixture, "a handler that is not registered is 503") {
  start();
  CHECK(ask().status == 503);
}

TEST_CASE_FIXTURE(fixture, "a handler's error is 500 and says nothing about "
                           "it") {
  start();
  add_handler([](const http_request&) -> caf::result<http_response> {
    return make_error(errc::invalid_message, "internal detail");
  });
  auto answer = http_get(relay->port(), "/ws/ask");
  CHECK(answer.status == 500);
  CHECK(answer.body.find("internal detail") == std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "a handler that does not answer in time is 504") {
  auto config = make_config();
  for (auto& each : config.endpoints)
    if (auto* func = std::get_if<func_handler>(&each.handler))
      func->timeout = 20ms;
  start(config);
  add("handler",
      system.spawn([](caf::event_based_actor* self) -> caf::behavior {
        auto kept = std::make_shared<std::vector<caf::response_promise>>();
        return {
            [self, kept](const http_request&) -> caf::result<http_response> {
              kept->push_back(self->make_response_promise());
              return caf::delegated<http_response>{};
            }};
      }));
  CHECK(ask().status == 504);
}

TEST_CASE_FIXTURE(fixture, "an answer without a relay goes to the client as it "
                           "is") {
  captured_log log;
  start();
  add_handler([](const http_request& request) {
    http_response result;
    result.status = 401;
    result.headers = {{"WWW-Authenticate", "Basic"},
                      {"Connection", "x"},
                      {"Content-Length", "999"},
                      {"X-Bad", "a\r\nX-Split: b"}};
    result.body = shared_buffer{"who are you " + request.query};
    return result;
  });
  auto answer = http_get(relay->port(), "/ws/ask?user=a");
  CHECK(answer.status == 401);
  CHECK(answer["WWW-Authenticate"] == "Basic");
  CHECK(answer["X-Split"] == "");
  CHECK(answer["X-Bad"] == "");
  CHECK(answer.body == "who are you user=a");
  CHECK(log.sink->count("has fields that would split it") == 1);
}

TEST_CASE_FIXTURE(fixture, "a handler never sees a client's relay header") {
  start();
  add_handler([](const http_request& request) {
    http_response result;
    result.status = find_field(request.headers, "X-WS-Relay") ? 500 : 200;
    return result;
  });
  ws_client client{relay->port(), "/ws/ask", {{"X-WS-Relay", "{}"}}};
  CHECK(client.answer().status == 200);
}

TEST_CASE_FIXTURE(fixture, "a command for a request that asks for no WebSocket "
                           "is 426, and says so") {
  start();
  add_handler([](const http_request&) {
    http_response result;
    result.headers = {{"X-WS-Relay", R"({"target_pid":"echo"})"}};
    return result;
  });
  auto answer = http_get(relay->port(), "/ws/ask");
  CHECK(answer.status == 426);
  CHECK(answer["Upgrade"] == "websocket");
  CHECK(answer.body.find("the answer is a WebSocket, and the request asks for "
                         "none")
        != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "a handler's status that is not final is 500") {
  start();
  add_handler([](const http_request& request) {
    http_response result;
    result.status = static_cast<std::uint16_t>(std::stoi(request.query));
    return result;
  });
  for (std::string final : {"200", "599"})
    CHECK(ask("/ws/ask?" + final).status == std::stoul(final));
  for (std::string other : {"0", "101", "199", "600"})
    CHECK(ask("/ws/ask?" + other).status == 500);
}

TEST_CASE_FIXTURE(fixture, "an invalid command of a handler is 500") {
  start();
  add_handler([](const http_request&) {
    http_response result;
    result.headers = {{"X-WS-Relay", "{no json"}};
    return result;
  });
  CHECK(ask().status == 500);
}

TEST_CASE_FIXTURE(fixture, "a target that has ended is 503") {
  start();
  auto target = system.spawn(echo);
  caf::scoped_actor self{system};
  self->send_exit(target, caf::exit_reason::kill);
  self->wait_for(target);
  add_handler([target](const http_request&) { return relay_response(target); });
  CHECK(ask().status == 503);
}

TEST_CASE_FIXTURE(fixture, "a foreign origin is 403, the own one is let in") {
  start();
  auto status = [this](const std::string& origin) {
    return ws_client{relay->port(), "/ws/to/echo", {{"Origin", origin}}}
        .answer()
        .status;
  };
  CHECK(status("http://evil.example") == 403);
  CHECK(status("http://relay.example") == 101);
}

} // namespace wsrelay::node_handlers_test
