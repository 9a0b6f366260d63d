// The keys of a cluster.node.
#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

namespace wsrelay::read_cluster_test {

using namespace std::chrono_literals;
using test::errors;

namespace {

std::string with(std::string_view lines) {
  return "- name: relay1\n  kind: cluster.node\n  " + std::string{lines} + "\n";
}

} // namespace

TEST_CASE("a cluster node has an address, peers and times") {
  auto config = test::config(
      with("listen: 127.0.0.1:9000\n  peers: [app1:9001, \"[::1]:9002\"]\n"
           "  heartbeat_interval: 1s\n  heartbeat_timeout: 3s\n"
           "  reconnect_min: 10ms\n  reconnect_max: 1m\n"
           "  resolve_interval: 5s"));
  REQUIRE(config.clusters.size() == 1);
  auto& cluster = config.clusters[0];
  CHECK(cluster.name == "relay1");
  CHECK(cluster.listen == "127.0.0.1:9000");
  CHECK(cluster.peers == std::vector<std::string>{"app1:9001", "[::1]:9002"});
  CHECK(cluster.heartbeat_interval == 1s);
  CHECK(cluster.heartbeat_timeout == 3s);
  CHECK(cluster.reconnect_min == 10ms);
  CHECK(cluster.reconnect_max == 1min);
  CHECK(cluster.resolve_interval == 5s);
}

TEST_CASE("a silent node is lost after eight seconds unless told otherwise") {
  auto config = test::config(with("peers: []"));
  REQUIRE(config.clusters.size() == 1);
  CHECK(config.clusters[0].heartbeat_interval == 2s);
  CHECK(config.clusters[0].heartbeat_timeout == 8s);
  CHECK(config.clusters[0].resolve_interval == 30s);
}

TEST_CASE("what waits for another node is limited") {
  CHECK(test::config(with("output_limit: 1MiB")).clusters[0].output_limit
        == 1024 * 1024);
  CHECK(test::config(with("peers: []")).clusters[0].output_limit
        == 256 * 1024 * 1024);
  CHECK(errors(with("output_limit: 64GiB")).empty());
  for (std::string size : {"1048575", "68719476737"})
    CHECK(errors(with("output_limit: " + size))
              .starts_with("relay.yaml:3: relay1.output_limit: must be "));
}

TEST_CASE("what may wait for another node holds the largest request to a "
          "handler that may be there") {
  // A body of 2 MiB, thrice a header of 16 KiB, 64 KiB of the rest.
  constexpr int need = 2 * 1024 * 1024 + 3 * 16 * 1024 + 64 * 1024;
  auto of = [](int limit, std::string handler) {
    return errors("- {name: web, kind: http.service, addr: \"127.0.0.1:0\", "
                  "max_body_size: 2MiB}\n"
                  "- {name: api, kind: http.router, meta: {server: web}, "
                  "prefix: /api}\n"
                  "- {name: ask, kind: http.endpoint, meta: {router: api}, "
                  "path: /ask, "
                  + handler + "}\n"
                  + with("output_limit: " + std::to_string(limit)));
  };
  CHECK(of(need, "func: asked") == "");
  CHECK(of(need - 1, "func: asked")
            .find("web takes bodies of 2097152 "
                  "bytes (max_body_size)")
        != std::string::npos);
  CHECK(of(need - 1, "upstream: \"http://127.0.0.1:1\"") == "");
}

TEST_CASE("files of TLS are all there") {
  CHECK(errors(with("tls: {}"))
        == "relay.yaml:3: relay1.tls: needs certificate, key and ca");
  auto found = errors(with("tls: {certificate: /dev, ca: none.pem, k: 1}"));
  CHECK(found.find("relay1.tls.certificate: is not a file: /dev")
        != found.npos);
  CHECK(found.find("relay1.tls.key: is missing") != found.npos);
  CHECK(found.find("relay1.tls.ca: is not a file: ") != found.npos);
  CHECK(found.find("relay1.tls.k: ") != found.npos);
}

TEST_CASE("addresses of a cluster node are complete") {
  CHECK(errors(with("listen: here"))
            .starts_with("relay.yaml:3: relay1.listen: "));
  CHECK(errors(with("listen: :0")).empty());
  for (std::string peer : {"app1", ":9000", "app1:0", "app1:99999"}) {
    CAPTURE(peer);
    CHECK(errors(with("peers: [\"" + peer + "\"]"))
              .starts_with("relay.yaml:3: relay1.peers[0]: "));
  }
}

TEST_CASE("times of a cluster node make sense together") {
  CHECK(errors(with("heartbeat_timeout: 2s"))
        == "relay.yaml:3: relay1.heartbeat_timeout: must be longer than "
           "heartbeat_interval, 2000ms");
  CHECK(errors(with("heartbeat_interval: 8s"))
        == "relay.yaml:3: relay1.heartbeat_interval: must be shorter than "
           "heartbeat_timeout, 8000ms");
  CHECK(errors(with("heartbeat_timeout: 2001ms")).empty());
  CHECK(errors(with("resolve_interval: 999ms"))
        == "relay.yaml:3: relay1.resolve_interval: must be 1s or more");
  CHECK(errors(with("resolve_interval: 1s")).empty());
  CHECK(errors(with("heartbeat_interval: 0s"))
        == "relay.yaml:3: relay1.heartbeat_interval: a duration must be more "
           "than zero: 0s");
  CHECK(errors(with("reconnect_min: 0s"))
        == "relay.yaml:3: relay1.reconnect_min: a duration must be more than "
           "zero: 0s");
  CHECK(errors(with("reconnect_max: 199ms"))
        == "relay.yaml:3: relay1.reconnect_max: must not be shorter than "
           "reconnect_min");
}

TEST_CASE("a node is in one cluster") {
  CHECK(errors(with("peers: []") + "- name: relay2\n  kind: cluster.node\n")
        == "relay.yaml:5: relay2.kind: a node is in one cluster, with relay1 "
           "(relay.yaml:1)");
}

TEST_CASE("what a cluster node is prints and loads again") {
  auto config = test::config(with("listen: :0\n  peers: [app1:9001]"));
  auto printed = to_yaml(config);
  CHECK(to_yaml(test::config(printed)) == printed);
}

} // namespace wsrelay::read_cluster_test
