// Connections that wait for another target: of a router and of a service.
#include "config/load.hpp"
#include "config/validate.hpp"

#include "test/config/good_config.hpp"
#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::read_parking_test {

using test::errors;
using namespace std::chrono_literals;

namespace {

/// A router with these options, the first of which stands in line 6.
std::string router(std::string_view options) {
  return "- name: ws\n  kind: http.router\n  meta: {server: gateway}\n"
         "  post_middleware: [websocket_relay]\n  post_options:\n    "
         + std::string{options} + "\n";
}

/// The same with one that makes the others count, in line 7.
std::string parking(std::string_view option) {
  return router("wsrelay.on_target_exit: park\n    " + std::string{option});
}

/// A service with one more key, which stands in line 3.
std::string service(std::string_view line) {
  return "- name: gw\n  kind: http.service\n  " + std::string{line} + "\n";
}

parking_options options(std::string_view text) {
  auto config = test::config(text);
  REQUIRE(config.routers.size() == 1);
  return config.routers[0].options.parking;
}

park_endings endings(std::string_view words) {
  return options(
             parking("wsrelay.park.endings: \"" + std::string{words} + "\""))
      .endings;
}

std::string warnings(const relay_config& config) {
  CHECK(test::lines(validate(config)) == "");
  return test::lines(find_warnings(config));
}

// `make` writes a value; these around the ends of its range.
template <class Make>
void check_range(Make make, const std::string& place, std::uint64_t max,
                 const std::string& range) {
  auto load = [&](const std::string& value) { return errors(make(value)); };
  auto refused = "relay.yaml:" + place + ": must be 0 to " + range + ", not ";
  CAPTURE(place);
  CHECK(load("-1") == refused + "-1");
  for (auto good : {std::uint64_t{0}, std::uint64_t{1}, max - 1, max})
    CHECK(load(std::to_string(good)) == "");
  CHECK(load(std::to_string(max + 1)) == refused + std::to_string(max + 1));
}

} // namespace

TEST_CASE("a router parks nothing unless it says so") {
  auto found = options(router("wsrelay.window: 1"));
  CHECK(found.policy == target_exit_policy::close);
  CHECK_FALSE(found.is_on());
  CHECK(found.endings == park_endings{true, true, true, false});
  CHECK(found.time == 30s);
  CHECK(found.messages == 128);
  CHECK(found.bytes == 1024 * 1024);
  CHECK_FALSE(found.redeliver);
  CHECK_FALSE(found.events);
}

TEST_CASE("every option of parking reaches its member") {
  auto found = options(parking("wsrelay.park.time: 1m\n"
                               "    wsrelay.park.messages: 7\n"
                               "    wsrelay.park.bytes: 3KiB\n"
                               "    wsrelay.park.redeliver: \"true\"\n"
                               "    wsrelay.park.events: true\n"
                               "    wsrelay.park.endings: normal"));
  CHECK(found.policy == target_exit_policy::park);
  CHECK(found.is_on());
  CHECK(found.time == 60s);
  CHECK(found.messages == 7);
  CHECK(found.bytes == 3 * 1024);
  CHECK(found.redeliver);
  CHECK(found.events);
  CHECK(found.endings == park_endings{false, false, false, true});
  CHECK_FALSE(options(router("wsrelay.on_target_exit: close")).is_on());
}

TEST_CASE("each flag of parking is its own") {
  auto redelivers = options(parking("wsrelay.park.redeliver: true"));
  CHECK(redelivers.redeliver);
  CHECK_FALSE(redelivers.events);
  auto tells = options(parking("wsrelay.park.events: true"));
  CHECK(tells.events);
  CHECK_FALSE(tells.redeliver);
}

TEST_CASE("what becomes of a connection is one of two words") {
  CHECK(errors(router("wsrelay.on_target_exit: wait"))
        == "relay.yaml:6: ws.post_options.wsrelay.on_target_exit: must be "
           "one of close, park, not wait");
  CHECK(errors(router("wsrelay.on_target_exits: park"))
        == "relay.yaml:6: ws.post_options.wsrelay.on_target_exits: unknown "
           "key, did you mean wsrelay.on_target_exit?");
}

TEST_CASE("the numbers of parking have limits") {
  auto of_router = [](std::string key) {
    return [key](const std::string& value) {
      return parking("wsrelay.park." + key + ": " + value);
    };
  };
  auto of_service = [](std::string key) {
    return [key](const std::string& value) {
      return service("parking: {" + key + ": " + value + "}");
    };
  };
  check_range(of_router("messages"), "7: ws.post_options.wsrelay.park.messages",
              65536, "65536");
  check_range(of_router("bytes"), "7: ws.post_options.wsrelay.park.bytes",
              1ull << 30, "1GiB");
  check_range(of_service("max_connections"), "3: gw.parking.max_connections",
              1'000'000, "1000000");
  check_range(of_service("max_bytes"), "3: gw.parking.max_bytes", 64ull << 30,
              "64GiB");
}

TEST_CASE("connections park for some time, and never for ever") {
  auto start = std::string{"relay.yaml:7: ws.post_options.wsrelay.park.time: "};
  CHECK(options(parking("wsrelay.park.time: 1ms")).time == 1ms);
  CHECK(errors(parking("wsrelay.park.time: 0s"))
        == start + "a duration must be more than zero: 0s");
  CHECK(errors(parking("wsrelay.park.time: off")).starts_with(start));
  CHECK(errors(parking("wsrelay.park.time: 30")).starts_with(start));
}

TEST_CASE("a flag of parking is true or false") {
  for (std::string key : {"wsrelay.park.redeliver", "wsrelay.park.events"})
    CHECK(errors(parking(key + ": yes"))
          == "relay.yaml:7: ws.post_options." + key
                 + ": must be true or false, not yes");
}

TEST_CASE("endings are a list of words, in any order") {
  CHECK(endings("crashed") == park_endings{true, false, false, false});
  CHECK(endings("lost") == park_endings{false, true, false, false});
  CHECK(endings("shutdown") == park_endings{false, false, true, false});
  CHECK(endings("normal") == park_endings{false, false, false, true});
  CHECK(endings("normal, crashed") == park_endings{true, false, false, true});
  CHECK(endings(" normal ,lost,lost,")
        == park_endings{false, true, false, true});
  CHECK(endings("crashed, lost, shutdown, normal")
        == park_endings{true, true, true, true});
}

TEST_CASE("an unknown ending is reported, each of them") {
  auto start =
      std::string{"relay.yaml:7: ws.post_options.wsrelay.park.endings: "};
  auto known = std::string{", known are crashed, lost, shutdown, normal"};
  CHECK(errors(parking("wsrelay.park.endings: killed"))
        == start + "unknown ending killed" + known);
  CHECK(errors(parking("wsrelay.park.endings: \"Lost, crashed, exit\""))
        == start + "unknown ending Lost" + known + ", did you mean lost?\n"
               + start + "unknown ending exit" + known);
  CHECK(errors(parking("wsrelay.park.endings: [lost]"))
        == start + "must be text, not a list");
}

TEST_CASE("whoever parks names an ending after which it does") {
  for (std::string words : {"\"\"", "\" , \""})
    CHECK(errors(parking("wsrelay.park.endings: " + words))
              .ends_with(": ws.post_options.wsrelay.park.endings: must name "
                         "one of crashed, lost, shutdown, normal"));
  CHECK(errors(router("wsrelay.park.endings: \"\"")) == "");
  auto config = test::make_config();
  auto& parks = config.routers[0].options.parking;
  parks.endings = {false, false, false, false};
  CHECK(test::lines(validate(config)) == "");
  parks.policy = target_exit_policy::park;
  CHECK(test::lines(validate(config))
        == "ws.post_options.wsrelay.park.endings: must name one of crashed, "
           "lost, shutdown, normal");
  for (auto* one : {&parks.endings.crashed, &parks.endings.lost,
                    &parks.endings.shutdown, &parks.endings.normal}) {
    parks.endings = {false, false, false, false};
    *one = true;
    CHECK(test::lines(validate(config)) == "");
  }
}

TEST_CASE("options of parking do nothing where connections close") {
  auto config = test::make_config();
  auto& parks = config.routers[0].options.parking;
  CHECK(warnings(config) == "");
  parks.time = 1s;
  parks.messages = 1;
  parks.bytes = 1;
  parks.redeliver = true;
  parks.events = true;
  parks.endings.normal = true;
  std::string expected;
  for (auto* key :
       {"time", "messages", "bytes", "redeliver", "events", "endings"})
    expected += std::string{expected.empty() ? "" : "\n"}
                + "ws.post_options.wsrelay.park." + key
                + ": does nothing: wsrelay.on_target_exit is close";
  CHECK(warnings(config) == expected);
  parks.policy = target_exit_policy::park;
  CHECK(warnings(config) == "");
}

TEST_CASE("a router that relays nothing parks nothing") {
  auto config = test::make_config();
  config.routers[0].relays = false;
  config.endpoints[0].handler = func_handler{"handler"};
  auto& parks = config.routers[0].options.parking;
  parks.policy = target_exit_policy::park;
  parks.endings.lost = false;
  CHECK(warnings(config)
        == "ws.post_options: does nothing: post_middleware has no "
           "websocket_relay (wsrelay.on_target_exit, wsrelay.park.endings)");
}

TEST_CASE("a service limits what is parked") {
  auto config = test::config(service(""));
  REQUIRE(config.services.size() == 1);
  CHECK(config.services[0].parking.max_connections == 10'000);
  CHECK(config.services[0].parking.max_bytes == 64 * 1024 * 1024);
  config =
      test::config(service("parking: {max_connections: 7, max_bytes: 5MiB}"));
  REQUIRE(config.services.size() == 1);
  CHECK(config.services[0].parking.max_connections == 7);
  CHECK(config.services[0].parking.max_bytes == 5 * 1024 * 1024);
}

TEST_CASE("what is wrong with the limits of parking is told with its place") {
  CHECK(errors(service("parking: {max_connection: 3}"))
        == "relay.yaml:3: gw.parking.max_connection: unknown key, did you mean "
           "max_connections?");
  CHECK(errors(service("parking: 3"))
        == "relay.yaml:3: gw.parking: must be a map, not text");
  CHECK(errors(service("parking: {max_connections: 1KiB}"))
        == "relay.yaml:3: gw.parking.max_connections: must be a whole number, "
           "not 1KiB");
}

TEST_CASE("what is printed of parking is what was read") {
  auto text = service("addr: :0\n"
                      "  parking: {max_connections: 7, max_bytes: 5MiB}")
              + "- name: ws\n  kind: http.router\n  meta: {server: gw}\n"
                "  post_middleware: [websocket_relay]\n  post_options:\n"
                "    wsrelay.on_target_exit: park\n"
                "    wsrelay.park.time: 1m30s\n"
                "    wsrelay.park.messages: 0\n"
                "    wsrelay.park.bytes: 2KiB\n"
                "    wsrelay.park.redeliver: true\n"
                "    wsrelay.park.events: true\n"
                "    wsrelay.park.endings: \"normal, lost\"\n";
  auto printed = to_yaml(test::config(text));
  auto has = [&](std::string_view lines) {
    CAPTURE(lines);
    return printed.find(lines) != std::string::npos;
  };
  CHECK(has("\n  parking:\n    max_connections: 7\n    max_bytes: 5242880\n"));
  CHECK(has("\n    wsrelay.on_target_exit: park\n"
            "    wsrelay.park.time: 1m30s\n"
            "    wsrelay.park.messages: 0\n"
            "    wsrelay.park.bytes: 2048\n"
            "    wsrelay.park.redeliver: \"true\"\n"
            "    wsrelay.park.events: \"true\"\n"));
  CHECK(has("\n    wsrelay.park.endings: \"lost, normal\"\n"));
  auto again = test::config(printed);
  CHECK(to_yaml(again) == printed);
  REQUIRE(again.routers.size() == 1);
  auto& parks = again.routers[0].options.parking;
  CHECK(parks.is_on());
  CHECK(parks.time == 90s);
  CHECK(parks.messages == 0);
  CHECK(parks.bytes == 2048);
  CHECK(parks.redeliver);
  CHECK(parks.events);
  CHECK(parks.endings == park_endings{false, true, false, true});
  CHECK(again.services[0].parking.max_connections == 7);
  CHECK(again.services[0].parking.max_bytes == 5 * 1024 * 1024);
}

TEST_CASE("no ending at all is printed so, where connections close") {
  auto printed = to_yaml(test::config(router("wsrelay.park.endings: \"\"")));
  CHECK(printed.find("\n    wsrelay.park.endings: \"\"\n")
        != std::string::npos);
  CHECK(options(printed).endings == park_endings{false, false, false, false});
}

} // namespace wsrelay::read_parking_test
