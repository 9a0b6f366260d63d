// Limits of addresses, endpoints, keys and rates.
#include "config/load.hpp"

#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::read_limits_test {

using test::errors;
using namespace std::chrono_literals;

namespace {

std::string service(std::string_view limits) {
  return "- name: gw\n  kind: http.service\n  " + std::string{limits} + "\n";
}

std::string router(std::string_view option) {
  return service("") + "- name: ws\n  kind: http.router\n  meta: {server: gw}\n"
         + "  post_middleware: [websocket_relay]\n  post_options:\n    "
         + std::string{option} + "\n";
}

std::string endpoint(std::string_view relay, std::string_view more = "") {
  return router("wsrelay.window: 1")
         + "- {name: e, kind: http.endpoint, meta: {router: ws}, path: '/{u}', "
           "relay: {target_pid: t"
         + std::string{relay} + "}" + std::string{more} + "}\n";
}

relay_command command(std::string_view relay) {
  auto config = test::config(endpoint(relay));
  REQUIRE(config.endpoints.size() == 1);
  return std::get<relay_handler>(config.endpoints[0].handler).command;
}

// `make` writes a value; these around the ends of its range.
template <class Make>
void check_range(Make make, std::uint64_t min, std::uint64_t max) {
  auto is_good = [&](std::uint64_t value) {
    CAPTURE(value);
    return errors(make(std::to_string(value))).empty();
  };
  CHECK(is_good(min));
  CHECK(is_good(min + 1));
  CHECK(is_good(max - 1));
  CHECK(is_good(max));
  CHECK_FALSE(is_good(max + 1));
  if (min > 0)
    CHECK_FALSE(is_good(min - 1));
}

} // namespace

TEST_CASE("limits of addresses are read") {
  auto config = test::config(service(
      "address_limits: {connections: 3, connects: 4, requests: 5, burst: 6s, "
      "max_addresses: 2048, allow: [10.0.0.0/8, '::1']}"));
  REQUIRE(config.services.size() == 1);
  auto& limits = config.services[0].address_limits;
  CHECK(limits.connections == 3);
  CHECK(limits.connects == 4);
  CHECK(limits.requests == 5);
  CHECK(limits.burst == 6s);
  CHECK(limits.max_addresses == 2048);
  CHECK(limits.allow == std::vector<std::string>{"10.0.0.0/8", "::1"});
}

TEST_CASE("without limits there are none") {
  auto config = test::config(endpoint(""));
  REQUIRE(config.services.size() == 1);
  CHECK(config.services[0].address_limits.connections == 0);
  CHECK_FALSE(config.services[0].address_limits.counts_time());
  CHECK_FALSE(config.routers[0].options.rate.is_on());
  CHECK(config.endpoints[0].max_connections == 0);
}

TEST_CASE("each limit has its range") {
  auto of_address = [](std::string key) {
    return [key](const std::string& value) {
      return service("address_limits: {" + key + ": " + value + "}");
    };
  };
  auto of_router = [](std::string key) {
    return
        [key](const std::string& value) { return router(key + ": " + value); };
  };
  for (auto* key : {"connections", "connects", "requests"})
    check_range(of_address(key), 0, 1'000'000);
  check_range(of_address("max_addresses"), 1024, 16'777'216);
  check_range(of_router("wsrelay.rate.messages"), 0, 1'000'000);
  check_range(of_router("wsrelay.rate.bytes"), 0, 4ull << 30);
  check_range(
      [](const std::string& value) {
        return endpoint("", ", max_connections: " + value);
      },
      0, 1'000'000);
  check_range(
      [](const std::string& value) {
        return endpoint(", limit_key: k, limit_max: " + value);
      },
      1, 10'000);
}

TEST_CASE("what is wrong with limits is told with its place") {
  CHECK(errors(service("address_limits: {connection: 3}"))
        == "relay.yaml:3: gw.address_limits.connection: unknown key, did you "
           "mean connections?");
  CHECK(errors(service("address_limits: 3"))
        == "relay.yaml:3: gw.address_limits: must be a map, not text");
  CHECK(errors(service("address_limits: {allow: [10.0.0.1/8]}"))
        == "relay.yaml:3: gw.address_limits.allow[0]: has bits beyond the "
           "prefix");
  CHECK(errors(service("address_limits: {allow: ['unix:']}"))
            .starts_with("relay.yaml:3: gw.address_limits.allow[0]: must be"));
  CHECK(errors(service("address_limits: {burst: 0s}")) != "");
}

TEST_CASE("rates and the policy of keys are read") {
  auto config = test::config(
      router("wsrelay.rate.messages: 7\n    wsrelay.rate.bytes: 2KiB\n    "
             "wsrelay.rate.burst: 3s\n    wsrelay.rate.patience: off\n    "
             "wsrelay.limit.key: refuse_newest"));
  REQUIRE(config.routers.size() == 1);
  auto& options = config.routers[0].options;
  CHECK(options.rate.messages == 7);
  CHECK(options.rate.bytes == 2048);
  CHECK(options.rate.burst == 3s);
  CHECK_FALSE(options.rate.patience);
  CHECK(options.limit_key == key_policy::refuse_newest);
  CHECK(errors(router("wsrelay.limit.key: newest")) != "");
}

TEST_CASE("a burst without a rate does nothing") {
  auto loaded = load_config(router("wsrelay.rate.burst: 3s"), "f");
  CHECK(test::lines(loaded.warnings)
        == "f:9: ws.post_options.wsrelay.rate.burst: does nothing: "
           "wsrelay.rate.messages is off");
  CHECK(load_config(router("wsrelay.rate.burst: 3s\n    wsrelay.rate.bytes: 1"),
                    "f")
            .warnings.empty());
}

TEST_CASE("a fixed command has a key, with parameters of the path") {
  auto found = command(", limit_key: 'user-{u}', limit_max: 5");
  CHECK(found.limit_key == "user-{u}");
  CHECK(found.limit_max == 5);
  CHECK(command(", limit_key: k").limit_max == 0);
  CHECK(errors(endpoint(", limit_key: '{v}'"))
        == "relay.yaml:10: e.relay.limit_key: {v} is no parameter of the path");
  CHECK(errors(endpoint(", limit_max: 5"))
        == "relay.yaml:10: e.relay.limit_max: without a limit_key");
  CHECK(errors(endpoint(", limit_key: " + std::string(256, 'k'))) == "");
  CHECK(errors(endpoint(", limit_key: " + std::string(257, 'k')))
        == "relay.yaml:10: e.relay.limit_key: more than 256 bytes");
}

} // namespace wsrelay::read_limits_test
