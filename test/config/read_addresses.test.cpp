// Where a service listens, and who comes by it.
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
