// Templates.
#include "test/cluster_storm/node_config.hpp"

#include <fmt/format.h>

namespace wsrelay::cluster_storm {

namespace {

// Times are short, so that the storm sees what happens after them.
constexpr std::string_view service_text = R"yaml(
- name: gateway
  kind: http.service
  addr: 127.0.0.1:0
  threads: 2
)yaml";

constexpr std::string_view route_text = R"yaml(
- name: {0}
  kind: http.router
  meta: {{server: gateway}}
  prefix: /{0}
  post_middleware: [websocket_relay]
  post_options:
    wsrelay.window: 16
    wsrelay.join.timeout: 1s
{1}
- name: {0}_to
  kind: http.endpoint
  meta: {{router: {0}}}
  path: /to/{{target}}/{{node}}/{{serial}}
  relay:
    target_pid: "{{target}}@{{node}}"
    metadata: {{serial: "{{serial}}"}}
)yaml";

constexpr std::string_view park_text = R"yaml(
    wsrelay.on_target_exit: park
    wsrelay.park.time: {}ms
    wsrelay.park.redeliver: {}
    wsrelay.park.events: true
)yaml";

constexpr std::string_view cluster_text = R"yaml(
- name: {}
  kind: cluster.node
  listen: "127.0.0.1:{}"
  peers: [{}]
  heartbeat_interval: 300ms
  heartbeat_timeout: 1500ms
  reconnect_min: 50ms
  reconnect_max: 300ms
)yaml";

std::string route(std::string_view name, const std::string& more) {
  return fmt::format(route_text, name, more);
}

std::string parking(bool redelivers) {
  return fmt::format(park_text, park_time.count(), redelivers);
}

} // namespace

std::string node_config(const storm_options& options, const std::string& name,
                        std::uint16_t port,
                        const std::vector<std::uint16_t>& peers) {
  std::string list;
  for (auto each : peers)
    list += fmt::format("{}\"127.0.0.1:{}\"", list.empty() ? "" : ", ", each);
  std::string result{service_text};
  result += route(first_route, options.park ? parking(true) : "");
  if (options.park)
    result += route(second_route, parking(false));
  result += fmt::format(cluster_text, name, port, list);
  if (!options.tls.empty())
    result += fmt::format("  tls: {{certificate: {0}, key: {0}, ca: {0}}}\n",
                          options.tls);
  return result;
}

} // namespace wsrelay::cluster_storm
