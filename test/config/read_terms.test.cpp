// The terms of WebSockets: compression, expiry, refusals, subprotocols.
#include "config/validate.hpp"
#include "test/config/endpoint_text.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wsrelay::read_terms_test {

using test::errors;

namespace {

/// A router with one option, which stands in line 5.
std::string with_option(std::string_view option) {
  return "- name: ws\n  kind: http.router\n  meta: {server: gateway}\n"
         "  post_options:\n    "
         + std::string{option} + "\n";
}

relay_options options(std::string_view option) {
  auto config = test::config(with_option(option));
  REQUIRE(config.routers.size() == 1);
  return config.routers[0].options;
}

std::string option_errors(std::string_view option) {
  return errors(with_option(option));
}

void check_limits(std::string key, std::uint64_t min, std::uint64_t max,
                  std::string range) {
  auto load = [&key](std::uint64_t value) {
    return option_errors(key + ": " + std::to_string(value));
  };
  auto refused =
      "relay.yaml:5: ws.post_options." + key + ": must be " + range + ", not ";
  CAPTURE(key);
  for (auto good : {min, min + 1, max - 1, max})
    CHECK(load(good) == "");
  CHECK(load(max + 1) == refused + std::to_string(max + 1));
  CHECK(option_errors(key + ": -1") == refused + "-1");
  if (min > 0)
    CHECK(load(min - 1) == refused + std::to_string(min - 1));
}

} // namespace

// -- what a WebSocket agrees on -----------------------------------------------

TEST_CASE("compression is off, and every key of it reaches its member") {
  auto none = options("wsrelay.window: 1").deflate;
  CHECK_FALSE(none.enabled);
  CHECK(none.level == 1);
  CHECK((none.min_size == 128 && none.max_size == 256 * 1024));
  CHECK(none.window_bits == 15);
  CHECK_FALSE(none.context_takeover);
  auto all = options("wsrelay.deflate: true\n"
                     "    wsrelay.deflate.level: 6\n"
                     "    wsrelay.deflate.min.size: 1KiB\n"
                     "    wsrelay.deflate.max.size: 1MiB\n"
                     "    wsrelay.deflate.window.bits: 12\n"
                     "    wsrelay.deflate.context.takeover: true")
                 .deflate;
  CHECK(all.enabled);
  CHECK((all.level == 6 && all.window_bits == 12));
  CHECK((all.min_size == 1024 && all.max_size == 1024 * 1024));
  CHECK(all.context_takeover);
}

TEST_CASE("the numbers of compression and expiry have limits") {
  check_limits("wsrelay.deflate.level", 1, 6, "1 to 6");
  check_limits("wsrelay.deflate.window.bits", 9, 15, "9 to 15");
  check_limits("wsrelay.expiry.code", 3000, 4999, "3000 to 4999");
}

TEST_CASE("the smallest message to deflate is not above the largest one") {
  auto sizes = [](std::string min) {
    return option_errors("wsrelay.deflate.min.size: " + min
                         + "\n    wsrelay.deflate.max.size: 1000");
  };
  for (auto good : {"0", "999", "1000"})
    CHECK(sizes(good) == "");
  CHECK(sizes("1001")
        == "relay.yaml:6: ws.post_options.wsrelay.deflate.max.size: must be at "
           "least wsrelay.deflate.min.size (1001), not 1000");
  CHECK(option_errors("wsrelay.deflate.max.size: 1GiB") == "");
  CHECK(option_errors("wsrelay.deflate.max.size: 1073741825")
        == "relay.yaml:5: ws.post_options.wsrelay.deflate.max.size: must be 0 "
           "to 1GiB, not 1073741825");
}

TEST_CASE("an expiry has a code, a reason and a jitter") {
  auto none = options("wsrelay.window: 1").expiry;
  CHECK_FALSE(none.required);
  CHECK(none.code == 4401);
  CHECK(none.reason == "session expired: log in again");
  CHECK_FALSE(none.jitter);
  auto all = options("wsrelay.require.expiry: true\n"
                     "    wsrelay.expiry.code: 4000\n"
                     "    wsrelay.expiry.reason: log in again\n"
                     "    wsrelay.expiry.jitter: 30s")
                 .expiry;
  CHECK(all.required);
  CHECK(all.code == 4000);
  CHECK(all.reason == "log in again");
  CHECK(all.jitter == std::chrono::seconds{30});
  CHECK(option_errors("wsrelay.expiry.jitter: 0s")
        == "relay.yaml:5: ws.post_options.wsrelay.expiry.jitter: a duration "
           "must be more than zero, or off: 0s");
}

TEST_CASE("an expiry's reason fits into a close frame") {
  auto reason = [](const std::string& text) {
    return option_errors("wsrelay.expiry.reason: \"" + text + "\"");
  };
  const std::string key = "relay.yaml:5: ws.post_options.wsrelay.expiry.reason";
  CHECK(reason("") == "");
  CHECK(reason(std::string(122, 'r')) == "");
  CHECK(reason(std::string(123, 'r')) == "");
  CHECK(reason(std::string(124, 'r'))
        == key + ": must have at most 123 bytes, not 124");
  CHECK(reason("a\\n") == key + ": must be UTF-8 without control characters");
}

TEST_CASE("a refusal has one of two forms") {
  CHECK(options("wsrelay.window: 1").refuse == refusal_form::status);
  CHECK(options("wsrelay.refuse: accept_then_close").refuse
        == refusal_form::accept_then_close);
  CHECK(option_errors("wsrelay.refuse: close")
        == "relay.yaml:5: ws.post_options.wsrelay.refuse: must be one of "
           "status, accept_then_close, not close, did you mean "
           "accept_then_close?");
}

TEST_CASE("a fixed command cannot say when it is over") {
  auto load = [](std::string_view required, std::string_view handler) {
    return errors("- {name: ws, kind: http.router, meta: {server: gateway}, "
                  "post_middleware: [websocket_relay], post_options: "
                  "{wsrelay.require.expiry: "
                  + std::string{required}
                  + "}}\n- name: e\n  kind: http.endpoint\n"
                    "  meta: {router: ws}\n  path: /a\n  "
                  + std::string{handler} + "\n");
  };
  CHECK(load("true", "relay: {target_pid: a}")
        == "relay.yaml:6: e.relay: a fixed command has no expires_at, which "
           "wsrelay.require.expiry of its router demands: func and upstream "
           "can tell one");
  CHECK(load("false", "relay: {target_pid: a}") == "");
  for (auto handler : {"func: f", "trusted_header: true"})
    CHECK(load("true", handler) == "");
}

TEST_CASE("subprotocols are tokens, each one once") {
  auto with_func = [](std::string_view line) {
    return test::with("func: f\n  " + std::string{line}); // in line 8
  };
  auto config = test::config(with_func("subprotocols: [mqtt, v2.chat]\n  "
                                       "require_subprotocol: true"));
  REQUIRE(config.endpoints.size() == 1);
  CHECK(config.endpoints[0].subprotocols
        == std::vector<std::string>{"mqtt", "v2.chat"});
  CHECK(config.endpoints[0].require_subprotocol);
  CHECK(errors(with_func("subprotocols: [mqtt, MQTT]")) == "");
  CHECK(errors(with_func("subprotocols: [mqtt, 'a b', '', chat, mqtt]"))
        == "relay.yaml:8: e.subprotocols[1]: must be a token, such as "
           "graphql-transport-ws\n"
           "relay.yaml:8: e.subprotocols[2]: must be a token, such as "
           "graphql-transport-ws\n"
           "relay.yaml:8: e.subprotocols[4]: stands twice");
  CHECK(errors(with_func("subprotocols: mqtt"))
        == "relay.yaml:8: e.subprotocols: must be a list, not text");
  for (std::string none : {"", "subprotocols: []\n  "})
    CHECK(errors(with_func(none + "require_subprotocol: true"))
              .ends_with(": e.require_subprotocol: needs subprotocols"));
}

} // namespace wsrelay::read_terms_test
