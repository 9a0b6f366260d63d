// The keys of an http.router.
#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

namespace wsrelay::read_router_test {

using test::errors;

namespace {

/// A router with one more key, which stands in line 4.
std::string with(std::string_view line) {
  return "- name: ws\n  kind: http.router\n  meta: {server: gateway}\n  "
         + std::string{line} + "\n";
}

/// A router with one option, which stands in line 5.
std::string with_option(std::string_view option) {
  return with("post_options:\n    " + std::string{option}
              + "\n  post_middleware: [websocket_relay]\n");
}

relay_options options(std::string_view option) {
  auto config = test::config(with_option(option));
  return config.routers.empty() ? relay_options{} : config.routers[0].options;
}

void check_limits(std::string key, std::uint64_t min, std::uint64_t max,
                  std::string range) {
  auto load = [&key](std::uint64_t value) {
    return errors(with_option(key + ": " + std::to_string(value)));
  };
  auto refused =
      "relay.yaml:5: ws.post_options." + key + ": must be " + range + ", not ";
  CAPTURE(key);
  CHECK(load(min - 1) == refused + std::to_string(min - 1));
  CHECK(load(min) == "");
  CHECK(load(min + 1) == "");
  CHECK(load(max - 1) == "");
  CHECK(load(max) == "");
  CHECK(load(max + 1) == refused + std::to_string(max + 1));
}

} // namespace

TEST_CASE("a router without options has the defaults") {
  auto config = test::config(with("prefix: ''"));
  REQUIRE(config.routers.size() == 1);
  const auto& router = config.routers[0];
  CHECK(router.prefix == "");
  CHECK_FALSE(router.relays);
  CHECK(router.options.origins.allowed.empty());
  CHECK_FALSE(router.options.origins.require_origin);
  CHECK(router.options.window == 128);
  CHECK(router.options.ping_interval == std::chrono::seconds{25});
}

TEST_CASE("every option of a router reaches its member") {
  auto config = test::config(R"(- name: ws
  kind: http.router
  meta:
    server: gateway
  prefix: /a/b
  post_middleware: [websocket_relay]
  post_options:
    wsrelay.allowed.origins: "https://a.example.com, http://b.example:8080"
    wsrelay.require.origin: "true"
    wsrelay.max.message.size: "2MiB"
    wsrelay.max.metadata.size: 1000
    wsrelay.window: "64"
    wsrelay.output.limit: 8KiB
    wsrelay.ping.interval: 11s
    wsrelay.pong.timeout: 12s
    wsrelay.close.timeout: 13s
    wsrelay.join.timeout: 14s
)");
  REQUIRE(config.routers.size() == 1);
  CHECK(config.routers[0].prefix == "/a/b");
  CHECK(config.routers[0].relays);
  const auto& options = config.routers[0].options;
  using std::chrono::seconds;
  REQUIRE(options.origins.allowed.size() == 2);
  CHECK(options.origins.allowed[1].value == origin{"http", "b.example", 8080});
  CHECK(options.origins.require_origin);
  CHECK(options.max_message_size == 2 * 1024 * 1024);
  CHECK(options.max_metadata_size == 1000);
  CHECK(options.window == 64);
  CHECK(options.output_limit == 8 * 1024);
  CHECK(options.ping_interval == seconds{11});
  CHECK(options.pong_timeout == seconds{12});
  CHECK(options.close_timeout == seconds{13});
  CHECK(options.join_timeout == seconds{14});
}

TEST_CASE("pings may be off") {
  CHECK_FALSE(options("wsrelay.ping.interval: off").ping_interval);
  CHECK_FALSE(options("wsrelay.ping.interval: \"off\"").ping_interval);
  CHECK(
      errors(with_option("wsrelay.pong.timeout: off"))
          .starts_with("relay.yaml:5: ws.post_options.wsrelay.pong.timeout: "));
}

TEST_CASE("requiring an origin is true or false, quoted or not") {
  CHECK(options("wsrelay.require.origin: true").origins.require_origin);
  CHECK_FALSE(
      options("wsrelay.require.origin: \"false\"").origins.require_origin);
  CHECK(errors(with_option("wsrelay.require.origin: yes"))
        == "relay.yaml:5: ws.post_options.wsrelay.require.origin: must be true "
           "or false, not yes");
}

TEST_CASE("the numbers among the options have limits") {
  check_limits("wsrelay.max.message.size", 1, 1 << 30, "1 to 1GiB");
  check_limits("wsrelay.max.metadata.size", 2, 1 << 20, "2 to 1MiB");
  check_limits("wsrelay.window", 1, 65536, "1 to 65536");
  check_limits("wsrelay.window.bytes", 1024, 1 << 30, "1KiB to 1GiB");
  check_limits("wsrelay.output.limit", 1024, 4ull << 30, "1KiB to 4GiB");
}

TEST_CASE("a window over 32 bits is out of range") {
  CHECK(errors(with_option("wsrelay.window: 4294967297"))
        == "relay.yaml:5: ws.post_options.wsrelay.window: must be 1 to 65536, "
           "not 4294967297");
}

TEST_CASE("bad durations among the options are reported at their keys") {
  for (std::string name :
       {"ping.interval", "pong.timeout", "close.timeout", "join.timeout"}) {
    auto start = "relay.yaml:5: ws.post_options.wsrelay." + name + ": ";
    CHECK(
        errors(with_option("wsrelay." + name + ": never")).starts_with(start));
    CHECK(errors(with_option("wsrelay." + name + ": 0s")).starts_with(start));
  }
}

TEST_CASE("what may be off says so") {
  CHECK(errors(with_option("wsrelay.ping.interval: 0s"))
        == "relay.yaml:5: ws.post_options.wsrelay.ping.interval: a duration "
           "must be more than zero, or off: 0s");
  CHECK(errors(with_option("wsrelay.pong.timeout: 0s"))
        == "relay.yaml:5: ws.post_options.wsrelay.pong.timeout: a duration "
           "must be more than zero: 0s");
}

TEST_CASE("a bad origin is reported, each of them") {
  auto start = std::string{
      "relay.yaml:5: ws.post_options.wsrelay.allowed.origins: bad origin "};
  auto text = errors(with_option(
      "wsrelay.allowed.origins: \"https://ok.example, ftp://a, b.example\""));
  CHECK(text.starts_with(start + "\"ftp://a\": "));
  CHECK(text.find('\n' + start + "\"b.example\": ") != std::string::npos);
  CHECK(errors(with_option("wsrelay.allowed.origins: \"https://a.b,\""))
            .starts_with(start + "\"\": "));
  CHECK(errors(with_option("wsrelay.allowed.origins: [a]"))
        == "relay.yaml:5: ws.post_options.wsrelay.allowed.origins: must be "
           "text, not a list");
}

TEST_CASE("a lone * as origin is a warning") {
  auto loaded =
      load_config(with_option("wsrelay.allowed.origins: \"*\""), "relay.yaml");
  CHECK(test::lines(loaded.errors) == "");
  CHECK(test::lines(loaded.warnings)
        == "relay.yaml:5: ws.post_options.wsrelay.allowed.origins: * lets the "
           "pages of every site open connections");
}

TEST_CASE("a * for a label is no warning") {
  auto loaded = load_config(
      with_option("wsrelay.allowed.origins: \"https://*.example.com\""), "f");
  CHECK(test::lines(loaded.errors) == "");
  CHECK(test::lines(loaded.warnings) == "");
}

TEST_CASE("an unknown option is reported with the nearest one") {
  CHECK(errors(with_option("wsrelay.windw: 1"))
        == "relay.yaml:5: ws.post_options.wsrelay.windw: unknown key, did you "
           "mean wsrelay.window?");
  CHECK(errors(with_option("wsrelay: {window: 1}"))
        == "relay.yaml:5: ws.post_options.wsrelay: unknown key: options are "
           "flat, write \"wsrelay.window: ...\"");
  CHECK(errors(with("post_options: [a]"))
        == "relay.yaml:4: ws.post_options: must be a map, not a list");
}

TEST_CASE("options that are written as maps are told flat") {
  auto flat = [](std::string_view option) {
    auto text = errors(with_option(option));
    auto start = text.find(": options are flat, write ");
    return start == text.npos ? text : text.substr(start + 26);
  };
  CHECK(flat("wsrelay: {allowed: {origins: x}}")
        == "\"wsrelay.allowed.origins: ...\"");
  CHECK(flat("wsrelay: {allowed.origins: x, window: 1}")
        == "\"wsrelay.allowed.origins: ...\"");
  CHECK(flat("wsrelay.max: {message: {size: 1}}")
        == "\"wsrelay.max.message.size: ...\"");
  CHECK(flat("max: {message_size: 1}") == "\"wsrelay.max.message.size: ...\"");
  CHECK(flat("wsrelay: {windw: 1}") == "\"wsrelay.window: ...\"");
  CHECK(flat("wsrelay: {a: {b: 1}}") == "\"wsrelay.a.b: ...\"");
  CHECK(flat("wsrelay: {}") == "\"wsrelay: ...\"");
}

TEST_CASE("an option without its prefix, or in other letters, is guessed") {
  for (auto key : {"max.message.size", "max_message_size", "max-message-size",
                   "wsrelay_max_message_size", "wsrelay.max_message_size"}) {
    CAPTURE(key);
    CHECK(errors(with_option(std::string{key} + ": 1KiB"))
              .ends_with(": unknown key, did you mean "
                         "wsrelay.max.message.size?"));
  }
  CHECK(errors(with_option("on.target.exit: park"))
            .ends_with(", did you mean wsrelay.on_target_exit?"));
  CHECK(errors(with_option("colour: red"))
        == "relay.yaml:5: ws.post_options.colour: unknown key");
}

TEST_CASE("an option that stands beside post_options is told so") {
  CHECK(errors(with("wsrelay.window: 12"))
        == "relay.yaml:4: ws.wsrelay.window: unknown key, write post_options: "
           "{wsrelay.window: 12}");
  CHECK(errors(with("options: {wsrelay: {window: 12}}"))
        == "relay.yaml:4: ws.options: unknown key, did you mean post_options?");
  CHECK(errors(with("middleware: [websocket_relay]"))
        == "relay.yaml:4: ws.middleware: unknown key, did you mean "
           "post_middleware?");
}

TEST_CASE("a server or router that stands beside meta is told so") {
  CHECK(errors("- name: gw\n  kind: http.service\n"
               "- name: ws\n  kind: http.router\n  server: gw\n")
        == "relay.yaml:5: ws.server: belongs into meta: write meta: "
           "{server: gw}");
  CHECK(errors("- name: gw\n  kind: http.service\n"
               "- name: ws\n  kind: http.router\n  meta.server: gw\n")
        == "relay.yaml:5: ws.meta.server: belongs into meta: write meta: "
           "{server: gw}");
  CHECK(errors("- name: f\n  kind: http.static\n  server: gateway\n"
               "  path: /\n  root: builtin:demo\n")
        == "relay.yaml:3: f.server: belongs into meta: write meta: "
           "{server: gateway}");
  CHECK(errors(with("prefix: /ws")
               + "- name: e\n  kind: http.endpoint\n  router: ws\n"
                 "  path: /x\n  func: f\n")
        == "relay.yaml:7: e.router: belongs into meta: write meta: "
           "{router: ws}");
  CHECK(errors(with("prefix: /ws")
               + "- name: e\n  kind: http.endpoint\n  router: [ws]\n"
                 "  meta: {router: ws}\n  path: /x\n  func: f\n")
        == "relay.yaml:7: e.router: unknown key");
}

TEST_CASE("a word that is nearly one of the choices is guessed") {
  CHECK(errors(with("post_options: {wsrelay.refuse: statsu}"))
            .ends_with(", not statsu, did you mean status?"));
}

TEST_CASE("unknown middleware is refused") {
  CHECK(
      errors(with("post_middleware:\n    - websocket_relay\n    - gzip"))
      == "relay.yaml:6: ws.post_middleware[1]: unknown middleware gzip, known "
         "is websocket_relay");
  CHECK(errors(with("post_middleware: [websocket_rely]")
               + "- {name: e, kind: http.endpoint, meta: {router: ws}, path: "
                 "/e, relay: {target_pid: echo}}\n")
        == "relay.yaml:4: ws.post_middleware[0]: unknown middleware "
           "websocket_rely, known is websocket_relay");
  CHECK(errors(with("post_middleware: websocket_relay"))
        == "relay.yaml:4: ws.post_middleware: must be a list, not text");
}

TEST_CASE("a prefix begins with a slash and ends without one") {
  CHECK(errors(with("prefix: /ws")) == "");
  CHECK(errors(with("prefix: /{tenant}/ws")) == "");
  CHECK(errors(with("prefix: ws"))
        == "relay.yaml:4: ws.prefix: a path begins with \"/\"");
  CHECK(errors(with("prefix: /ws/"))
        == "relay.yaml:4: ws.prefix: must not end with /");
  CHECK(errors(with("prefix: /"))
        == "relay.yaml:4: ws.prefix: must not end with /");
  CHECK(errors(with("prefix: /a/../b")).starts_with("relay.yaml:4: ws.prefix"));
  // Nothing is said of an endpoint whose own part is right.
  for (auto prefix : {"ws", "ws/"}) {
    auto text = errors(with(std::string{"prefix: "} + prefix)
                       + "- name: e\n  kind: http.endpoint\n"
                         "  meta: {router: ws}\n  path: /x\n  func: f\n");
    CHECK(text.starts_with("relay.yaml:4: ws.prefix"));
    CHECK(text.find("e.path") == text.npos);
  }
}

TEST_CASE("a router needs a server that exists") {
  CHECK(errors("- name: ws\n  kind: http.router\n")
        == "relay.yaml:1: ws.meta.server: is missing");
  CHECK(errors("- name: ws\n  kind: http.router\n  meta: {server: nobody}\n")
        == "relay.yaml:3: ws.meta.server: no http.service has the name nobody");
  CHECK(errors("- name: ws\n  kind: http.router\n  meta: gateway\n")
        == "relay.yaml:3: ws.meta: must be a map, not text");
  CHECK(errors("- name: ws\n  kind: http.router\n"
               "  meta: {server: gateway, router: a}\n")
        == "relay.yaml:3: ws.meta.router: unknown key");
}

} // namespace wsrelay::read_router_test
