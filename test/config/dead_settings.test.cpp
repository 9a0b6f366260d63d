// Settings that nothing reads.
#include "config/validate.hpp"

#include "test/config/good_config.hpp"
#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

namespace wsrelay::dead_settings_test {

using test::make_config;

namespace {

std::string warnings(const relay_config& config) {
  CHECK(test::lines(validate(config)) == "");
  return test::lines(find_warnings(config));
}

relay_config with_addresses(std::vector<service_address> addresses) {
  auto config = make_config();
  config.services[0].addresses = std::move(addresses);
  return config;
}

const service_address tcp = {{"127.0.0.1", 0}, {}, {}};
const service_address local = {{}, "/tmp/relay.sock", {}};
const service_address passed_on = {{}, {}, "web"};

} // namespace

TEST_CASE("what a default says is no warning, wherever it stands") {
  auto config = make_config();
  config.routers[0].relays = false;
  config.endpoints[0].handler = func_handler{"handler"};
  CHECK(warnings(config) == "");
}

TEST_CASE("mode and owner are for unix sockets") {
  auto config = with_addresses({tcp, passed_on});
  config.services[0].socket_mode = 0666;
  config.services[0].socket_owner = "www-data";
  CHECK(warnings(config)
        == "gw.socket_mode: does nothing: no addr is a unix socket\n"
           "gw.socket_owner: does nothing: no addr is a unix socket");
  config.services[0].addresses.push_back(local);
  CHECK(warnings(config) == "");
}

TEST_CASE("who cannot come is trusted in vain") {
  auto config = with_addresses({tcp});
  config.services[0].trusted_proxies = {"10.0.0.0/8", "unix:"};
  CHECK(warnings(config)
        == "gw.trusted_proxies[1]: does nothing: no addr is a unix socket");
  for (auto& each : {local, passed_on}) {
    config.services[0].addresses = {tcp, each};
    CHECK(warnings(config) == "");
  }
}

TEST_CASE("the time for a header that nobody sends") {
  auto config = make_config();
  config.services[0].proxy_protocol_timeout = std::chrono::seconds{1};
  CHECK(warnings(config)
        == "gw.proxy_protocol_timeout: does nothing: proxy_protocol is off");
  config.services[0].proxy_protocol = true;
  config.services[0].trusted_proxies = {"10.0.0.0/8"};
  CHECK(warnings(config) == "");
}

TEST_CASE("options of a compression that is off") {
  auto config = make_config();
  auto& deflate = config.routers[0].options.deflate;
  deflate.level = 6;
  deflate.context_takeover = true;
  CHECK(warnings(config)
        == "ws.post_options.wsrelay.deflate.level: does nothing: "
           "wsrelay.deflate is off\n"
           "ws.post_options.wsrelay.deflate.context.takeover: does nothing: "
           "wsrelay.deflate is off");
  deflate.enabled = true;
  CHECK(warnings(config) == "");
}

TEST_CASE("a wait for pongs without pings") {
  auto config = make_config();
  auto& options = config.routers[0].options;
  options.pong_timeout = std::chrono::seconds{1};
  CHECK(warnings(config) == "");
  options.ping_interval.reset();
  CHECK(warnings(config)
        == "ws.post_options.wsrelay.pong.timeout: does nothing: "
           "wsrelay.ping.interval is off");
}

TEST_CASE("options of a router that relays nothing") {
  auto config = make_config();
  config.routers[0].relays = false;
  config.endpoints[0].handler = func_handler{"handler"};
  auto& options = config.routers[0].options;
  options.origins.allowed.push_back(*parse_origin_pattern("https://a.example"));
  options.deflate.level = 6;
  options.expiry.reason = "over";
  CHECK(warnings(config)
        == "ws.post_options: does nothing: post_middleware has no "
           "websocket_relay (wsrelay.allowed.origins, wsrelay.deflate.level, "
           "wsrelay.expiry.reason)");
  config.routers[0].relays = true;
  options.deflate.enabled = true;
  CHECK(warnings(config) == "");
}

} // namespace wsrelay::dead_settings_test
