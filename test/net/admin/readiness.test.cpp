// A node that is not ready without its peers.
#include "test/net/admin/admin_fixture.hpp"
#include "test/support/temporary_folder.hpp"

#include <memory>

namespace wsrelay::readiness_test {

using namespace wsrelay::test;

namespace {

relay_config read_config(const std::string& text) {
  auto loaded = load_config(text, "test");
  for (auto& error : loaded.errors)
    FAIL(to_text(error));
  return loaded.config;
}

// A node of a cluster, with an actor system of its own.
struct member {
  explicit member(const std::string& text)
      : config{read_config(text)},
        settings{config},
        system{settings},
        relay{system, config} {
    REQUIRE(relay.start());
  }

  relay_config config;
  system_config settings;
  caf::actor_system system;
  node relay;
};

constexpr auto web = "- name: web\n  kind: http.service\n"
                     "  addr: \"127.0.0.1:0\"\n  threads: 1\n";

struct fixture {
  fixture() { folder.write("token", "0123456789abcdef"); }

  void start(const std::string& lines = {}) {
    one.emplace(
        web
        + std::string{"- name: relay1\n  kind: cluster.node\n"
                      "  listen: \"127.0.0.1:0\"\n"
                      "- name: admin\n  kind: admin.service\n"
                      "  addr: \"127.0.0.1:0\"\n  required_peers: [app1]\n"}
        + lines);
    port = port_of(one->relay.admin_url());
  }

  std::unique_ptr<member> make_peer() {
    return std::make_unique<member>(
        web
        + fmt::format(
            "- name: app1\n  kind: cluster.node\n  listen: \"127.0.0.1:0\"\n"
            "  peers: [\"127.0.0.1:{}\"]\n  reconnect_min: 10ms\n",
            one->relay.cluster_port()));
  }

  received_answer get(const std::string& path, const header_list& fields = {}) {
    return ask_admin(port, "GET", path, fields);
  }

  bool gets_soon(const std::string& path, std::string_view part) {
    return holds_soon([&] { return has(get(path).body, part); });
  }

  temporary_folder folder;
  std::optional<member> one;
  std::uint16_t port = 0;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a node is ready while the peers that it requires "
                           "are there") {
  start();
  CHECK(gets_soon("/readyz", "peer app1 is away\n"));
  CHECK(get("/readyz").status == 503);
  CHECK(get("/healthz").status == 200);
  CHECK(gets_soon("/api/v1/node",
                  R"("state":"ready","not_ready":["peer app1 is away"])"));
  CHECK(gets_soon("/metrics", "\nwsrelay_peer_up{peer=\"app1\"} 0\n"));
  auto app1 = make_peer();
  CHECK(holds_soon([this] { return get("/readyz").status == 200; }));
  CHECK(get("/readyz").body == "ready\n");
  CHECK(gets_soon("/metrics", "\nwsrelay_peer_up{peer=\"app1\"} 1\n"));
  CHECK(has(get("/metrics").body,
            "\nwsrelay_peer_heard_seconds{peer=\"app1\"} "));
  CHECK(has(get("/api/v1/peers").body, R"({"peers":[{"name":"app1","node":")"));
  app1.reset();
  CHECK(gets_soon("/readyz", "peer app1 is away\n"));
  CHECK(gets_soon("/metrics", "\nwsrelay_peer_up{peer=\"app1\"} 0\n"));
}

TEST_CASE_FIXTURE(fixture, "why a node is not ready is for those who have the "
                           "token") {
  start("  token_file: " + (folder / "token").string() + "\n");
  header_list token{{"Authorization", "Bearer 0123456789abcdef"}};
  CHECK(holds_soon(
      [&] { return get("/readyz", token).body == "peer app1 is away\n"; }));
  auto answer = get("/readyz");
  CHECK(answer.status == 503);
  CHECK(answer.body == "not ready\n");
  CHECK(get("/readyz", {{"Authorization", "Bearer x"}}).body == "not ready\n");
}

} // namespace wsrelay::readiness_test
