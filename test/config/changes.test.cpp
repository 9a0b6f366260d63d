// What a reload changes, and what it cannot.
#include "config/changes.hpp"

#include "config/load.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

namespace wsrelay::changes_test {

namespace {

using texts = std::vector<std::string>;

relay_config parsed(std::string_view service = {}, std::string_view more = {},
                    std::string_view path = "/echo") {
  auto loaded = load_config(fmt::format(R"yaml(
- name: gateway
  kind: http.service
  addr: 127.0.0.1:8080
{}
- name: ws
  kind: http.router
  meta: {{server: gateway}}
  prefix: /ws
  post_middleware: [websocket_relay]
- name: echo
  kind: http.endpoint
  meta: {{router: ws}}
  path: {}
  relay: {{target_pid: echo}}
{})yaml",
                                        service, path, more),
                            "test");
  for (auto& error : loaded.errors)
    FAIL(to_text(error));
  return loaded.config;
}

} // namespace

TEST_CASE("the same configuration changes nothing") {
  auto next = parsed();
  auto changes = take_changes(parsed(), next);
  CHECK(changes.changed.empty());
  CHECK(changes.kept.empty());
}

TEST_CASE("entries are added, changed and removed by kind and name") {
  auto with_site = R"yaml(
- name: site
  kind: http.static
  meta: {server: gateway}
  path: /
  root: builtin:demo
)yaml";
  auto next = parsed("", with_site, "/other");
  CHECK(take_changes(parsed(), next).changed
        == texts{"http.endpoint echo: changed", "http.static site: added"});
  auto back = parsed();
  CHECK(take_changes(next, back).changed
        == texts{"http.endpoint echo: changed", "http.static site: removed"});
}

TEST_CASE("limits and times of a service can change") {
  auto next = parsed("  max_connections: 7\n  idle_timeout: 5s\n"
                     "  address_limits: {connections: 3}\n"
                     "  trusted_proxies: [10.0.0.1]\n");
  auto changes = take_changes(parsed(), next);
  CHECK(changes.changed == texts{"http.service gateway: changed"});
  CHECK(changes.kept.empty());
  CHECK(next.services.front().max_connections == 7);
}

TEST_CASE("what a service is built on stays, and is said") {
  struct row {
    const char* yaml;
    const char* key;
  };
  for (auto& [yaml, key] :
       {row{"  threads: 3\n", "gateway.threads"},
        row{"  proxy_protocol: true\n  trusted_proxies: [10.0.0.1]\n",
            "gateway.proxy_protocol"},
        row{"  proxy_protocol_timeout: 1s\n", "gateway.proxy_protocol_timeout"},
        row{"  socket_owner: root\n", "gateway.socket_owner"},
        row{"  socket_mode: \"0600\"\n", "gateway.socket_mode"},
        row{"  parking: {max_connections: 3}\n", "gateway.parking"}}) {
    auto& shown_yaml = yaml;
    CAPTURE(shown_yaml);
    auto next = parsed(yaml);
    auto changes = take_changes(parsed(), next);
    CHECK(changes.kept == texts{std::string{key} + ": needs a restart"});
    auto again = take_changes(parsed(), next);
    CHECK(again.kept.empty()); // it has been put back
  }
}

TEST_CASE("an address stays, and what else its service says is changed") {
  auto next = parsed("  max_connections: 7\n");
  next.services.front().addresses.front().tcp.port = 8081;
  auto changes = take_changes(parsed(), next);
  CHECK(changes.kept == texts{"gateway.addr: needs a restart"});
  CHECK(changes.changed == texts{"http.service gateway: changed"});
  CHECK(next.services.front().addresses.front().tcp.port == 8080);
  CHECK(next.services.front().max_connections == 7);
}

TEST_CASE("the cluster stays as it is, also where there was none") {
  auto node = R"yaml(
- name: relay1
  kind: cluster.node
  listen: 127.0.0.1:9000
)yaml";
  auto next = parsed("", node);
  auto changes = take_changes(parsed(), next);
  CHECK(changes.kept == texts{"relay1: needs a restart"});
  CHECK(changes.changed.empty());
  CHECK(next.clusters.empty());
  auto without = parsed();
  CHECK(take_changes(parsed("", node), without).kept
        == texts{"relay1: needs a restart"});
  CHECK(without.clusters.size() == 1);
}

TEST_CASE("each key of the cluster that stays as it was is named") {
  auto node = [](std::string_view name, std::string_view more) {
    return fmt::format("- name: {}\n  kind: cluster.node\n{}", name, more);
  };
  auto now = parsed("", node("relay1", "  listen: 127.0.0.1:9000\n"
                                       "  peers: [a.example:9000]\n"));
  auto kept = [&](const std::string& text) {
    auto next = parsed("", text);
    return take_changes(now, next).kept;
  };
  CHECK(kept(node("relay1", "  listen: 127.0.0.1:9000\n"
                            "  peers: [b.example:9000]\n"))
        == texts{"relay1.peers: needs a restart"});
  CHECK(kept(node("relay1", "  listen: 127.0.0.1:9001\n"
                            "  peers: [a.example:9000]\n"
                            "  output_limit: 2MiB\n"))
        == texts{"relay1.listen: needs a restart",
                 "relay1.output_limit: needs a restart"});
  auto next = parsed("", node("relay2", "  listen: 127.0.0.1:9000\n"
                                        "  peers: [a.example:9000]\n"));
  next.clusters.front().tls.certificate = "a.pem";
  next.clusters.front().tls.key = "a.key";
  next.clusters.front().tls.ca = "ca.pem";
  CHECK(
      take_changes(now, next).kept
      == texts{"relay1.name: needs a restart", "relay1.tls: needs a restart"});
}

TEST_CASE("an admin listener stays where it is, and its peers change") {
  auto admin = [](std::string_view more) {
    return fmt::format("- name: n\n  kind: cluster.node\n- name: admin\n"
                       "  kind: admin.service\n{}",
                       more);
  };
  auto now = parsed("", admin("  addr: 127.0.0.1:9090\n"));
  auto next =
      parsed("", admin("  addr: 127.0.0.1:9091\n  required_peers: [app1]\n"));
  auto changes = take_changes(now, next);
  CHECK(changes.kept == texts{"admin.addr: needs a restart"});
  CHECK(changes.changed == texts{"admin.service admin: changed"});
  CHECK(next.admins.front().required_peers == texts{"app1"});
  CHECK(next.admins.front().addresses.front().tcp.port == 9090);
  auto without = parsed("", "- name: n\n  kind: cluster.node\n");
  CHECK(take_changes(now, without).kept == texts{"admin: needs a restart"});
  CHECK(without.admins.size() == 1);
}

TEST_CASE("services come and go") {
  auto second = R"yaml(
- name: second
  kind: http.service
  addr: 127.0.0.1:8081
)yaml";
  auto next = parsed("", second);
  auto changes = take_changes(parsed(), next);
  CHECK(changes.changed == texts{"http.service second: added"});
  auto back = parsed();
  CHECK(take_changes(next, back).changed
        == texts{"http.service second: removed"});
}

} // namespace wsrelay::changes_test
