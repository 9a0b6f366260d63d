// A node with an echo target, configured in the test.
#pragma once

#include "actors/node_messages.hpp"
#include "config/load.hpp"
#include "test/net/support.hpp"
#include "test/net/ws/client.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <mutex>
#include <optional>

namespace wsrelay::test {

/// One service on one loop, a router that relays, and what the test adds.
inline relay_config make_config(std::string_view more = {},
                                std::string_view service = {}) {
  auto text = fmt::format(R"yaml(
- name: gateway
  kind: http.service
  addr: 127.0.0.1:0
  threads: 1
{}
- name: ws
  kind: http.router
  meta:
    server: gateway
  prefix: /ws
  post_middleware:
    - websocket_relay
- name: to
  kind: http.endpoint
  meta:
    router: ws
  path: /to/{{target}}
  relay:
    target_pid: "{{target}}"
- name: ask
  kind: http.endpoint
  meta:
    router: ws
  path: /ask
  func: handler
{})yaml",
                          service, more);
  auto loaded = load_config(text, "test");
  for (auto& error : loaded.errors)
    FAIL(to_text(error));
  return loaded.config;
}

/// Answers each message with the same.
inline caf::behavior echo(caf::event_based_actor* self) {
  return {
      [](const ws_join&) {},
      [self](const ws_message& message) {
        self->send(message.client, ws_send{message.type, message.data});
      },
      [](const ws_heartbeat&) {},
      [](const ws_leave&) {},
  };
}

/// The fixture's end checks that no actor is left.
struct node_fixture {
  node_fixture() : actors{system.registry().running()} {}

  ~node_fixture() {
    relay.reset();
    for (auto& each : spawned)
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    spawned.clear();
    CHECK(holds_soon([this] { return system.registry().running() == actors; }));
  }

  void start(relay_config config = make_config()) {
    relay.emplace(system, std::move(config));
    add("echo", system.spawn(echo));
    REQUIRE(relay->start());
  }

  /// Registers an actor that ends with the fixture.
  caf::actor add(const std::string& name, caf::actor who) {
    REQUIRE(relay->put(name, who));
    spawned.push_back(who);
    return who;
  }

  /// Registers a handler actor that answers with what `answer` returns.
  void add_handler(
      std::function<caf::result<http_response>(const http_request&)> answer) {
    add("handler", system.spawn([answer]() -> caf::behavior {
      return {
          [answer](const http_request& request) { return answer(request); }};
    }));
  }

  ws_client connect(const std::string& target) {
    return ws_client{relay->port(), target};
  }

  std::size_t connections() {
    caf::scoped_actor self{system};
    std::size_t result = 0;
    for (auto& acceptor : relay->acceptors())
      self->request(acceptor, caf::infinite, acceptor_list{})
          .receive(
              [&](const std::vector<connection_info>& all) {
                result += all.size();
              },
              [](caf::error&) {});
    return result;
  }

  system_config settings;
  caf::actor_system system{settings};
  std::size_t actors;
  std::vector<caf::actor> spawned;
  std::optional<node> relay;
};

} // namespace wsrelay::test
