// Configurations that were built in code.
#include "config/validate.hpp"

#include "test/config/good_config.hpp"
#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

namespace wsrelay::validate_test {

using test::make_config;

namespace {

std::string errors(const relay_config& config) {
  return test::lines(validate(config));
}

} // namespace

TEST_CASE("a configuration that is in order has no errors") {
  CHECK(errors(make_config()) == "");
  CHECK(errors(relay_config{}) == "");
  CHECK(find_warnings(make_config()).empty());
}

TEST_CASE("members out of range are reported at their keys") {
  auto config = make_config();
  config.services[0].threads = 257;
  config.services[0].max_header_size = 255;
  config.services[0].idle_timeout = std::chrono::milliseconds{0};
  config.routers[0].options.window = 0;
  config.routers[0].options.ping_interval = std::chrono::hours{8761};
  CHECK(errors(config)
        == "gw.threads: must be 0 to 256, not 257\n"
           "gw.max_header_size: must be 256 to 1MiB, not 255\n"
           "gw.idle_timeout: must be 1ms to 8760h, not 0ms\n"
           "ws.post_options.wsrelay.window: must be 1 to 65536, not 0\n"
           "ws.post_options.wsrelay.ping.interval: must be 1ms to 8760h, not "
           "31539600000ms");
}

TEST_CASE("what waits for another node holds the largest message of any "
          "router that relays") {
  auto config = make_config();
  config.routers[0].options.max_message_size = 2 * 1024 * 1024;
  config.routers.push_back(config.routers[0]);
  config.routers[1].name = "plain";
  config.routers[1].relays = false;
  config.routers[1].options.max_message_size = 1 << 30;
  auto& cluster = config.clusters.emplace_back();
  cluster.name = "relay1";
  cluster.listen = "127.0.0.1:0";
  constexpr std::size_t least = (2048 + 16 + 64) * 1024;
  for (auto [limit, good] :
       {std::pair{least - 1, false}, std::pair{least, true},
        std::pair{least + 1, true}}) {
    cluster.output_limit = limit;
    CHECK(errors(config).empty() == good);
  }
  cluster.output_limit = 1024 * 1024;
  CHECK(
      errors(config)
      == "relay1.output_limit: must be 2179072 or more, not 1048576: ws takes "
         "messages of 2097152 bytes (wsrelay.max.message.size), and one that "
         "waits for another node would end the connection to it");
}

TEST_CASE("durations may be one millisecond and a year") {
  auto config = make_config();
  config.services[0].request_timeout = std::chrono::milliseconds{1};
  config.services[0].idle_timeout = std::chrono::hours{8760};
  CHECK(errors(config) == "");
}

TEST_CASE("entries without name and path are reported") {
  auto config = make_config();
  config.endpoints.emplace_back().router = "ws";
  CHECK(errors(config)
        == "http.endpoint.name: is missing\n"
           "http.endpoint.path: is missing\n"
           "http.endpoint.func: a name may not be empty");
}

TEST_CASE("an endpoint's path begins with the prefix of its router") {
  auto config = make_config();
  config.endpoints[0].path = *path_pattern::parse("/wsx/echo");
  CHECK(errors(config)
        == "echo.path: does not begin with the prefix of the router");
  config.endpoints[0].path = *path_pattern::parse("/ws");
  CHECK(errors(config) == "");
}

TEST_CASE("an upstream's parts are those of its url") {
  auto config = make_config();
  upstream_handler upstream;
  upstream.url = "http://app:81/base";
  upstream.host = "app";
  upstream.port = 81;
  upstream.path = "/base";
  config.endpoints[0].handler = upstream;
  CHECK(errors(config) == "");
  upstream.port = 82;
  config.endpoints[0].handler = upstream;
  CHECK(errors(config)
        == "echo.upstream: tls, host, port and path are not those of the url");
  upstream.port = 81;
  upstream.tls = true;
  config.endpoints[0].handler = upstream;
  CHECK(errors(config)
        == "echo.upstream: tls, host, port and path are not those of the url");
}

TEST_CASE("a relay's command is checked field by field") {
  auto config = make_config();
  relay_handler relay;
  relay.command.message_topic = "ws.close";
  relay.command.heartbeat_interval = std::chrono::milliseconds{-1};
  relay.command.metadata = "[]";
  config.endpoints[0].handler = relay;
  auto issues = validate(config);
  REQUIRE(issues.size() == 4);
  CHECK(issues[0].path == "echo.relay.target_pid");
  CHECK(issues[1].path == "echo.relay.message_topic");
  CHECK(issues[2].path == "echo.relay.heartbeat_interval");
  CHECK(issues[3].path == "echo.relay.metadata");
  CHECK(issues[3].text == "not a JSON object");
}

TEST_CASE("an issue carries the place of its entry") {
  auto config = make_config();
  config.routers[0].where = {"f.yaml", 7};
  config.routers[0].server = "none";
  CHECK(errors(config)
        == "f.yaml:7: ws.meta.server: no http.service has the name none");
}

TEST_CASE("a name that is nearly another is guessed") {
  auto config = make_config();
  config.services.emplace_back().name = "gateway";
  config.services[1].addresses[0].tcp.port = 1;
  config.routers[0].server = "gatway";
  config.endpoints[0].router = "none";
  CHECK(errors(config)
        == "ws.meta.server: no http.service has the name gatway, did you mean "
           "gateway?\necho.meta.router: no http.router has the name none");
  config.services[1].is_derived = true;
  CHECK(errors(config).starts_with(
      "ws.meta.server: no http.service has the name gatway\n"));
}

TEST_CASE("very many wrong names are checked in reasonable time") {
  auto config = make_config();
  for (int i = 0; i < 5'000; ++i) {
    auto router = config.routers[0];
    router.name = "router" + std::to_string(i);
    config.routers.push_back(router);
    auto endpoint = config.endpoints[0];
    endpoint.name = "endpoint" + std::to_string(i);
    endpoint.router = "ruter" + std::to_string(i);
    config.endpoints.push_back(endpoint);
  }
  CHECK(validate(config).size() == 5'000);
}

TEST_CASE("very many endpoints are checked in reasonable time") {
  auto config = make_config();
  for (int i = 0; i < 20'000; ++i) {
    auto endpoint = config.endpoints[0];
    endpoint.name = "e" + std::to_string(i);
    endpoint.path = *path_pattern::parse("/ws/x/" + std::to_string(i));
    config.endpoints.push_back(endpoint);
  }
  CHECK(errors(config) == "");
}

} // namespace wsrelay::validate_test
