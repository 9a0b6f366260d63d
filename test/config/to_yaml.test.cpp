// Printing, and reading what was printed.
#include "config/load.hpp"

#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

namespace wsrelay::to_yaml_test {

namespace {

/// Prints what `yaml` is, reads it and prints it again.
void check_round_trip(std::string_view yaml) {
  auto loaded = load_config(yaml, "relay.yaml");
  REQUIRE(test::lines(loaded.errors) == "");
  auto first = to_yaml(loaded.config);
  auto again = load_config(first, "printed.yaml");
  REQUIRE(test::lines(again.errors) == "");
  CHECK(to_yaml(again.config) == first);
  CHECK(again.config.services.size() == loaded.config.services.size());
  CHECK(again.config.routers.size() == loaded.config.routers.size());
  CHECK(again.config.endpoints.size() == loaded.config.endpoints.size());
  CHECK(again.config.statics.size() == loaded.config.statics.size());
}

constexpr std::string_view everything = R"(
- name: gateway
  kind: http.service
  addr: "[::1]:9000"
  threads: 3
  max_connections: 17
  max_header_size: 2KiB
  max_header_fields: 19
  max_body_size: 0
  request_timeout: 4s
  idle_timeout: 1m30s
  write_timeout: 6s
  shutdown_timeout: 500ms
  in_place_budget: 7ms
  trusted_proxies: [10.0.0.0/8, "::1"]
- name: "null"
  kind: http.service
  addr: :0
- name: many
  kind: http.service
  addr: [":0", "unix:/run/a b.sock", "systemd:web", "127.0.0.1:0"]
  socket_mode: "0600"
  socket_owner: ":www data"
  trusted_proxies: ["unix:"]
  proxy_protocol: true
  proxy_protocol_timeout: 1s
- name: "a name: with #\"quotes\"\\ \u00e4 \u2028"
  kind: http.router
  meta: {server: "null"}
- name: ws
  kind: http.router
  meta: {server: gateway}
  prefix: /{tenant}/ws
  post_middleware: [websocket_relay]
  post_options:
    wsrelay.allowed.origins: "https://*.example.com, http://b.example:8080"
    wsrelay.require.origin: "true"
    wsrelay.window: 64
    wsrelay.ping.interval: off
    wsrelay.refuse: accept_then_close
    wsrelay.deflate: "true"
    wsrelay.deflate.level: 6
    wsrelay.deflate.context.takeover: "true"
    wsrelay.expiry.code: 4999
    wsrelay.expiry.reason: "over: #"
    wsrelay.expiry.jitter: 1s
- name: f
  kind: http.endpoint
  meta: {router: ws}
  method: "*"
  path: ""
  func: auth@app
  timeout: 2s
  subprotocols: [mqtt, "graphql-transport-ws"]
  require_subprotocol: true
- name: u
  kind: http.endpoint
  meta: {router: ws}
  method: POST
  path: /up/%7E
  upstream: http://[::1]:81/base
  max_idle_connections: 0
  idle_timeout: 7s
- name: secure
  kind: http.endpoint
  meta: {router: ws}
  path: /secure
  upstream: https://app.example.com
- name: r
  kind: http.endpoint
  meta: {router: ws}
  path: /r/{room}
  relay:
    target_pid: chat-{room}
    message_topic: chat.line
    heartbeat_interval: 30s
    metadata:
      "": "\t\0\x7f\u2028\u00e4\U0001F600 \\ \" / {room}"
      n: [1, 1.50, .5, 1e300, 12345678901234567890123, true, null, "true", "1"]
      deep: {a: {b: [{}, [], ""]}}
    headers: [Cookie]
    query: [name, "a: b"]
- name: t
  kind: http.endpoint
  meta: {router: ws}
  path: /t
  trusted_header: true
  secret: "- s3 #:"
- name: demo
  kind: http.static
  meta: {server: gateway}
  path: /
  root: builtin:demo
- name: files
  kind: http.static
  meta: {server: gateway}
  path: /ü b
  root: /tmp
  index: a.html
)";

} // namespace

TEST_CASE("the built-in configuration has no error and no warning") {
  auto loaded = load_config(builtin_yaml(), "built-in");
  CHECK(test::lines(loaded.errors) == "");
  CHECK(test::lines(loaded.warnings) == "");
  const auto& config = loaded.config;
  REQUIRE(config.services.size() == 1);
  CHECK(config.services[0].name == "gateway");
  CHECK(config.services[0].addresses[0].tcp.port == 8080);
  REQUIRE(config.endpoints.size() == 3);
  CHECK(config.endpoints[0].path.text() == "/ws/echo");
  CHECK(config.endpoints[1].path.text() == "/ws/chat/{room}");
  CHECK(config.endpoints[2].path.text() == "/ws/stage");
  auto chat = std::get<relay_handler>(config.endpoints[1].handler).command;
  CHECK(chat.target_pid == "chat");
  CHECK(chat.metadata == R"({"room":"{room}"})");
  REQUIRE(config.statics.size() == 1);
  CHECK(config.statics[0].root == "builtin:demo");
}

TEST_CASE("the built-in configuration survives printing and reading") {
  check_round_trip(builtin_yaml());
}

TEST_CASE("a configuration with every key survives printing and reading") {
  check_round_trip(everything);
}

TEST_CASE("what is printed has the values that were read") {
  auto text = to_yaml(test::config(everything));
  auto config = test::config(text);
  REQUIRE(config.endpoints.size() == 5);
  CHECK(config.services[1].name == "null");
  CHECK(config.routers[0].name == "a name: with #\"quotes\"\\ \u00e4 \u2028");
  CHECK_FALSE(config.routers[1].options.ping_interval);
  CHECK(config.endpoints[0].path.text() == "/{tenant}/ws");
  CHECK(std::get<trusted_header_handler>(config.endpoints[4].handler).secret
        == "- s3 #:");
  auto before = test::config(everything);
  CHECK(
      std::get<relay_handler>(config.endpoints[3].handler).command.metadata
      == std::get<relay_handler>(before.endpoints[3].handler).command.metadata);
}

TEST_CASE("every key is printed with its value") {
  auto config = test::config("- {name: gw, kind: http.service}\n"
                             "- {name: r, kind: http.router, meta: {server: "
                             "gw}, post_middleware: [websocket_relay]}\n"
                             "- {name: e, kind: http.endpoint, meta: {router: "
                             "r}, path: /e, relay: {target_pid: t}}\n");
  CHECK(to_yaml(config) == R"(- name: gw
  kind: http.service
  addr: 127.0.0.1:8080
  socket_mode: "0660"
  socket_owner: ""
  threads: 0
  max_connections: 100000
  max_header_size: 16384
  max_header_fields: 100
  max_body_size: 1048576
  first_byte_timeout: 10s
  header_timeout: 10s
  request_timeout: 10s
  idle_timeout: 1m
  write_timeout: 30s
  shutdown_timeout: 10s
  in_place_budget: 5ms
  proxy_protocol: "false"
  proxy_protocol_timeout: 5s
  redirect_to_https: "false"
  trusted_proxies: []
  address_limits:
    connections: 0
    connects: 0
    requests: 0
    burst: 5s
    max_addresses: 65536
    allow: []
  drain:
    lead: 5s
    spread: 10s
    rate: 1000
    deadline: 25s
  parking:
    max_connections: 10000
    max_bytes: 67108864

- name: r
  kind: http.router
  meta:
    server: gw
  prefix: ""
  post_middleware:
    - websocket_relay
  post_options:
    wsrelay.allowed.origins: ""
    wsrelay.require.origin: "false"
    wsrelay.max.message.size: 1048576
    wsrelay.max.metadata.size: 16384
    wsrelay.window: 128
    wsrelay.window.bytes: 4194304
    wsrelay.output.limit: 4194304
    wsrelay.ping.interval: 25s
    wsrelay.pong.timeout: 10s
    wsrelay.close.timeout: 5s
    wsrelay.join.timeout: 10s
    wsrelay.refuse: status
    wsrelay.limit.key: close_oldest
    wsrelay.overflow: close
    wsrelay.on_target_exit: close
    wsrelay.park.time: 30s
    wsrelay.park.messages: 128
    wsrelay.park.bytes: 1048576
    wsrelay.park.redeliver: "false"
    wsrelay.park.events: "false"
    wsrelay.rate.messages: 0
    wsrelay.rate.bytes: 0
    wsrelay.rate.burst: 2s
    wsrelay.rate.patience: 30s
    wsrelay.deflate: "false"
    wsrelay.deflate.level: 1
    wsrelay.deflate.min.size: 128
    wsrelay.deflate.max.size: 262144
    wsrelay.deflate.window.bits: 15
    wsrelay.deflate.context.takeover: "false"
    wsrelay.require.expiry: "false"
    wsrelay.expiry.code: 4401
    wsrelay.expiry.jitter: off
    wsrelay.expiry.reason: "session expired: log in again"
    wsrelay.overflow.event: ""
    wsrelay.park.endings: "crashed, lost, shutdown"

- name: e
  kind: http.endpoint
  meta:
    router: r
  method: GET
  path: /e
  subprotocols: []
  max_connections: 0
  require_subprotocol: "false"
  relay:
    target_pid: t
    message_topic: ws.message
    heartbeat_interval: off
    metadata: {}
    report_overflow: "false"
)");
}

TEST_CASE("a secret that came from a file is printed as the file") {
  auto here = std::filesystem::temp_directory_path() / "wsrelay_to_yaml_test";
  std::filesystem::create_directories(here);
  std::ofstream{here / "key"} << "s3cret";
  auto loaded = load_config(
      "- {name: r, kind: http.router, meta: {server: gateway}, "
      "post_middleware: [websocket_relay]}\n"
      "- {name: e, kind: http.endpoint, meta: {router: r}, path: /e, "
      "trusted_header: true, secret_file: key}\n",
      (here / "relay.yaml").string());
  auto text = to_yaml(loaded.config);
  auto again = load_config(text, "elsewhere/printed.yaml");
  std::filesystem::remove_all(here);
  CHECK(text.find("s3cret") == std::string::npos);
  CHECK(test::lines(again.errors) == "");
  REQUIRE(again.config.endpoints.size() == 1);
  CHECK(
      std::get<trusted_header_handler>(again.config.endpoints[0].handler).secret
      == "s3cret");
}

} // namespace wsrelay::to_yaml_test
