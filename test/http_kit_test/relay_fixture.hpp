// A relay with one route of each kind.
#pragma once

#include "test/http_kit/test_relay.hpp"
#include "test/kit/probe.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

namespace wsrelay::test {

inline constexpr std::string_view routes_yaml = R"(
- name: gateway
  kind: http.service
  addr: 127.0.0.1:0
  trusted_proxies: [10.0.0.1]
- name: ws
  kind: http.router
  meta: {server: gateway}
  prefix: /ws
  post_middleware: [websocket_relay]
  post_options:
    wsrelay.allowed.origins: "https://app.example.com"
- name: play
  kind: http.endpoint
  meta: {router: ws}
  path: /play/{room}
  func: doorkeeper
  timeout: 2s
- name: fixed
  kind: http.endpoint
  meta: {router: ws}
  path: /fixed
  relay: {target_pid: hall}
  max_connections: 1
- name: away
  kind: http.endpoint
  meta: {router: ws}
  path: /away
  upstream: http://127.0.0.1:3000/base
- name: told
  kind: http.endpoint
  meta: {router: ws}
  path: /told
  trusted_header: true
)";

struct relay_fixture {
  test_node node;
  probe hall{node};
  test_relay relay{node, routes_yaml};

  relay_fixture() { REQUIRE(node.put("hall", hall)); }

  static http_fields from_app(http_fields more = {}) {
    more.emplace_back("Origin", "https://app.example.com");
    return more;
  }

  // A handler made of one function.
  template <class F>
  void handle(F f) {
    auto made = node.system().spawn(
        [f](caf::event_based_actor*) { return caf::behavior{f}; });
    REQUIRE(node.put("doorkeeper", made));
  }
};

} // namespace wsrelay::test
