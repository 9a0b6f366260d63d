// Configurations.
#include "test/storm/routes.hpp"

namespace wsrelay::storm {

namespace {

constexpr route one_route[] = {{"/ws"}};

// Limits are low, so that a short run reaches them.
constexpr std::string_view one_text = R"yaml(
- name: gateway
  kind: http.service
  addr: 127.0.0.1:0
  threads: 2
  max_connections: 190
  in_place_budget: 3ms
  idle_timeout: 1s
  request_timeout: 2s
  shutdown_timeout: 20s
- name: ws
  kind: http.router
  meta:
    server: gateway
  prefix: /ws
  post_middleware:
    - websocket_relay
  post_options:
    wsrelay.max.message.size: 256KiB
    wsrelay.window: 16
    wsrelay.output.limit: 512KiB
    wsrelay.ping.interval: 200ms
    wsrelay.pong.timeout: 400ms
    wsrelay.close.timeout: 500ms
    wsrelay.join.timeout: 150ms
- name: to
  kind: http.endpoint
  meta:
    router: ws
  path: /to/{target}
  relay:
    target_pid: "{target}"
    metadata:
      name: "{target}"
- name: ask
  kind: http.endpoint
  meta:
    router: ws
  path: /ask
  func: handler
  timeout: 1s
)yaml";

// -- every limit is low -------------------------------------------------------

constexpr std::string_view low_service = R"yaml(
- name: gateway
  kind: http.service
  addr: 127.0.0.1:0
  threads: 2
  max_connections: 140
  in_place_budget: 3ms
  idle_timeout: 1s
  request_timeout: 2s
  shutdown_timeout: 20s
  address_limits:
    connections: 40
    connects: 100
    requests: 60
    burst: 1s
    max_addresses: 1024
    allow: [127.0.0.2, 127.0.0.3]
  parking:
    max_connections: 6
    max_bytes: 8KiB
)yaml";

// NAME stands for that of the route.
constexpr std::string_view low_router = R"yaml(
- name: NAME
  kind: http.router
  meta: {server: gateway}
  prefix: /NAME
  post_middleware: [websocket_relay]
  post_options:
    wsrelay.max.message.size: 16KiB
    wsrelay.window: 4
    wsrelay.window.bytes: 4KiB
    wsrelay.output.limit: 16KiB
    wsrelay.ping.interval: 200ms
    wsrelay.pong.timeout: 400ms
    wsrelay.close.timeout: 500ms
    wsrelay.join.timeout: 150ms
)yaml";

constexpr std::string_view low_parking = R"yaml(
    wsrelay.on_target_exit: park
    wsrelay.park.endings: "crashed, lost, shutdown, normal"
    wsrelay.park.time: 400ms
    wsrelay.park.messages: 4
    wsrelay.park.bytes: 4KiB
    wsrelay.park.events: true
)yaml";

constexpr std::string_view low_rate = R"yaml(
    wsrelay.rate.messages: 25
    wsrelay.rate.bytes: 24KiB
    wsrelay.rate.burst: 200ms
    wsrelay.rate.patience: 400ms
)yaml";

constexpr std::string_view low_endpoints = R"yaml(
- name: NAME_to
  kind: http.endpoint
  meta: {router: NAME}
  path: /to/{target}
  max_connections: 28
  relay:
    target_pid: "{target}"
    metadata: {name: "{target}"}
    report_overflow: true
    limit_key: "NAME {target}"
    limit_max: 6
- name: NAME_ask
  kind: http.endpoint
  meta: {router: NAME}
  path: /ask
  max_connections: 12
  func: handler
  timeout: 1s
)yaml";

// A client that reads too slowly is told on each of those that park that it is
// parked: the first one closes it for that.
constexpr route low_routes[] = {
    {"/close", losses::none, false, true, false},
    {"/newest", losses::told, true, true, false},
    {"/oldest", losses::told, false, true, true},
    {"/latest", losses::replaced, false, true, true},
    {"/rated", losses::none, true, false, false},
};

std::string_view overflow_of(const route& where) {
  return where.may_lose == losses::none ? "close"
         : where.prefix == "/newest"    ? "drop_newest"
         : where.prefix == "/oldest"    ? "drop_oldest"
                                        : "latest";
}

std::string router_text(const route& where) {
  std::string result{low_router};
  auto add = [&](std::string_view key, std::string_view value) {
    result += std::string{"    "}.append(key).append(": ").append(value) + '\n';
  };
  add("wsrelay.overflow", overflow_of(where));
  if (where.may_lose != losses::none)
    add("wsrelay.overflow.event", hole_topic);
  if (where.has_rate)
    result += low_rate.substr(1);
  if (where.parks)
    result += low_parking.substr(1);
  if (where.redelivers)
    add("wsrelay.park.redeliver", "true");
  result += low_endpoints.substr(1);
  return result;
}

std::string low_text() {
  std::string result{low_service};
  for (auto& each : low_routes) {
    auto text = router_text(each);
    for (auto at = text.find("NAME"); at != text.npos; at = text.find("NAME"))
      text.replace(at, 4, each.prefix.substr(1));
    result += text.substr(1);
  }
  return result;
}

} // namespace

std::span<const route> routes(bool low_limits) {
  if (low_limits)
    return low_routes;
  return one_route;
}

std::string config_text(bool low_limits) {
  return low_limits ? low_text() : std::string{one_text};
}

} // namespace wsrelay::storm
