// Where a service listens, who comes by it, and the terms of its WebSockets.
#include "config/validate.hpp"
#include "test/config/endpoint_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace wsrelay::read_addresses_test {

using test::errors;

namespace {

/// A service with one more key, which stands in line 3.
std::string with(std::string_view line) {
  return "- name: gw\n  kind: http.service\n  " + std::string{line} + "\n";
}

service_config service(std::string_view line) {
  auto config = test::config(with(line));
  REQUIRE(config.services.size() == 1);
  return config.services[0];
}

/// The addresses of a service, as text.
std::vector<std::string> addresses(std::string_view line) {
  std::vector<std::string> out;
  for (auto& each : service(line).addresses)
    out.push_back(to_text(each));
  return out;
}

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

const std::string octal_failure =
    "relay.yaml:3: gw.socket_mode: must be an octal number such as \"0660\"";

const std::string files = "certificate: /etc/hosts, key: /etc/hosts";

} // namespace

// -- addr ---------------------------------------------------------------------

TEST_CASE("addr is one address as text, of any form") {
  using one = std::vector<std::string>;
  CHECK(addresses("addr: '127.0.0.1:80'") == one{"127.0.0.1:80"});
  CHECK(addresses("addr: unix:/run/relay.sock") == one{"unix:/run/relay.sock"});
}

TEST_CASE("addr is a list of addresses, in their order") {
  CHECK(addresses("addr: ['127.0.0.1:80', 'unix:/run/a.sock', systemd:web, "
                  "'[::1]:81']")
        == std::vector<std::string>{"127.0.0.1:80", "unix:/run/a.sock",
                                    "systemd:web", "[::1]:81"});
}

TEST_CASE("a list of addresses holds one or more") {
  CHECK(errors(with("addr: []"))
        == "relay.yaml:3: gw.addr: must hold one or more");
  relay_config config;
  config.services.emplace_back().name = "gw";
  config.services.back().addresses.clear();
  CHECK(test::lines(validate(config)) == "gw.addr: must hold one or more");
}

TEST_CASE("a bad address among others is reported at its place") {
  CHECK(errors("- name: gw\n  kind: http.service\n  addr:\n"
               "    - unix:/run/a.sock\n"
               "    - unix:a.sock\n"
               "    - ':80'\n"
               "    - systemd:a:b\n"
               "    - x\n")
        == "relay.yaml:5: gw.addr[1]: must be unix:/PATH, from the root on, "
           "not unix:a.sock\n"
           "relay.yaml:7: gw.addr[3]: must be systemd:NAME, a "
           "FileDescriptorName of a .socket unit\n"
           "relay.yaml:8: gw.addr[4]: must be HOST:PORT, unix:/PATH or "
           "systemd:NAME, not x");
}

TEST_CASE("an address that is no text is reported once, at its place") {
  CHECK(errors("- name: gw\n  kind: http.service\n  addr:\n"
               "    - ':80'\n"
               "    - [a]\n")
        == "relay.yaml:5: gw.addr[1]: must be text, not a list");
  CHECK(errors("- name: gw\n  kind: http.service\n  addr:\n"
               "    - {port: 80}\n")
        == "relay.yaml:4: gw.addr[0]: must be text, not a map");
  CHECK(errors(with("addr:"))
        == "relay.yaml:3: gw.addr: must be text, not null");
}

TEST_CASE("a bad lone address is reported at the key") {
  CHECK(errors(with("addr: unix:/" + std::string(107, 'p')))
        == "relay.yaml:3: gw.addr: must have a path of at most 107 bytes, not "
           "108");
  CHECK(errors(with("addr: unix:/" + std::string(106, 'p'))) == "");
}

TEST_CASE("two services on one unix address or one of systemd are in "
          "conflict") {
  auto two = [](std::string_view a, std::string_view b) {
    return errors("- {name: a, kind: http.service, addr: " + std::string{a}
                  + "}\n- name: b\n  kind: http.service\n  addr: "
                  + std::string{b} + "\n");
  };
  const std::string at = "relay.yaml:4: b.addr: ";
  const std::string end = " is the address of a (relay.yaml:1)";
  CHECK(two("unix:/run/a", "unix:/run/a") == at + "unix:/run/a" + end);
  CHECK(two("unix:/run/a", "unix:/run/b") == "");
  CHECK(two("systemd:web", "systemd:web") == at + "systemd:web" + end);
  CHECK(two("['127.0.0.1:80', 'unix:/run/a']", "[':0', 'unix:/run/a']")
        == "relay.yaml:4: b.addr[1]: unix:/run/a" + end);
}

TEST_CASE("a service with one address twice is in its own way") {
  CHECK(errors(with("addr: ['unix:/run/a', 'unix:/run/a']"))
        == "relay.yaml:3: gw.addr[1]: unix:/run/a is the address of gw "
           "(relay.yaml:1)");
  CHECK(errors(with("addr: [':0', ':0']")) == "");
}

// -- socket_mode, socket_owner ------------------------------------------------

TEST_CASE("socket_mode is octal, 0000 to 0777") {
  CHECK(service("socket_mode: \"0000\"").socket_mode == 0);
  CHECK(service("socket_mode: 0660").socket_mode == 0660);
  CHECK(service("socket_mode: 660").socket_mode == 0660);
  CHECK(service("socket_mode: \"0776\"").socket_mode == 0776);
  CHECK(service("socket_mode: \"0777\"").socket_mode == 0777);
  CHECK(errors(with("socket_mode: \"1000\""))
        == "relay.yaml:3: gw.socket_mode: must be 0000 to 0777");
}

TEST_CASE("a socket_mode that is not octal is refused") {
  for (std::string text :
       {"\"0668\"", "9", "-1", "'+660'", "0o660", "0x1b0", "''", "' 660'",
        "'660 '", "rw-rw----", "\"00660\"", "1e2", "6.0"}) {
    CAPTURE(text);
    CHECK(errors(with("socket_mode: " + text)) == octal_failure);
  }
}

TEST_CASE("socket_owner is text") {
  for (std::string owner : {"ann", "ann:web", "':web'", "''"})
    CHECK(errors(with("socket_owner: " + owner)) == "");
  CHECK(service("socket_owner: ':web'").socket_owner == ":web");
  CHECK(errors(with("socket_owner: {user: ann}"))
        == "relay.yaml:3: gw.socket_owner: must be text, not a map");
}

// -- proxies ------------------------------------------------------------------

TEST_CASE("the PROXY protocol needs trusted proxies") {
  CHECK(errors(with("proxy_protocol: true"))
        == "relay.yaml:3: gw.proxy_protocol: needs trusted_proxies: nobody "
           "else may send its header");
  CHECK(errors(with("proxy_protocol: true\n  trusted_proxies: []"))
        == "relay.yaml:3: gw.proxy_protocol: needs trusted_proxies: nobody "
           "else may send its header");
  CHECK(errors(with("proxy_protocol: true\n  trusted_proxies: [10.0.0.1]"))
        == "");
  CHECK(errors(with("proxy_protocol: on"))
        == "relay.yaml:3: gw.proxy_protocol: must be true or false, not on");
}

TEST_CASE("whoever comes by a unix socket may be a trusted proxy") {
  CHECK(errors(with("trusted_proxies: ['unix:']")) == "");
  CHECK(errors(with("proxy_protocol: true\n  trusted_proxies: ['unix:']"))
        == "");
  CHECK(errors(with("trusted_proxies: ['unix:', 'unix:/run/a', unix]"))
        == "relay.yaml:3: gw.trusted_proxies[1]: must be an IP address or a "
           "block such as 10.0.0.0/8\n"
           "relay.yaml:3: gw.trusted_proxies[2]: must be an IP address or a "
           "block such as 10.0.0.0/8");
}

// -- clients' certificates ----------------------------------------------------

TEST_CASE("clients' certificates are asked for with an authority") {
  using policy = client_certificate_policy;
  auto tls = [](std::string_view more) {
    return service("tls: {" + files + std::string{more} + "}").tls;
  };
  CHECK(tls("").client_certificate == policy::off);
  CHECK(tls(", client_certificate: off").client_certificate == policy::off);
  auto asked = tls(", client_ca: /etc/hosts, client_certificate: request");
  CHECK(asked.client_certificate == policy::request);
  CHECK(asked.client_ca == "/etc/hosts");
  CHECK(tls(", client_ca: /etc/hosts, client_certificate: require")
            .client_certificate
        == policy::require);
}

TEST_CASE("an authority and what it is for go together") {
  auto tls = [](std::string_view more) {
    return errors(with("tls: {" + files + ", " + std::string{more} + "}"));
  };
  auto missing = "relay.yaml:3: gw.tls.client_ca: is missing: it signs "
                 "clients' certificates";
  CHECK(tls("client_certificate: request") == missing);
  CHECK(tls("client_certificate: require") == missing);
  CHECK(tls("client_certificate: require, client_ca: ''") == missing);
  auto unused = "relay.yaml:3: gw.tls.client_certificate: must be request or "
                "require beside client_ca";
  CHECK(tls("client_ca: /etc/hosts") == unused);
  CHECK(tls("client_ca: /etc/hosts, client_certificate: off") == unused);
  CHECK(tls("client_ca: /etc/none, client_certificate: require")
        == "relay.yaml:3: gw.tls.client_ca: is not a file: /etc/none: No such "
           "file or directory");
  CHECK(tls("client_certificate: maybe")
        == "relay.yaml:3: gw.tls.client_certificate: must be one of off, "
           "request, require, not maybe");
}

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

// -- and back -----------------------------------------------------------------

TEST_CASE("a service prints as it is read") {
  for (std::string line :
       {"addr: unix:/run/relay.sock\n  socket_mode: \"0600\"\n  socket_owner: "
        "':web'",
        "addr: ['127.0.0.1:80', 'unix:/run/a b', 'systemd:n, [m]']",
        "addr: systemd:web\n  proxy_protocol: true\n  trusted_proxies: "
        "['unix:', 10.0.0.0/8]\n  proxy_protocol_timeout: 1s500ms",
        "tls: {certificate: /etc/hosts, key: /etc/hosts, client_ca: "
        "/etc/hosts, client_certificate: request}"}) {
    CAPTURE(line);
    auto read = service(line);
    auto printed = to_yaml(test::config(with(line)));
    auto again = test::config(printed);
    REQUIRE(again.services.size() == 1);
    CHECK(again.services[0].addresses == read.addresses);
    CHECK(again.services[0].socket_mode == read.socket_mode);
    CHECK(to_yaml(again) == printed);
  }
}

} // namespace wsrelay::read_addresses_test
