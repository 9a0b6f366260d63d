// The keys of an http.service.
#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

namespace wsrelay::read_service_test {

using test::errors;

namespace {

/// A service with one more key, which stands in line 3.
std::string with(std::string_view line) {
  return "- name: gw\n  kind: http.service\n  " + std::string{line} + "\n";
}

void check_limits(std::string key, std::uint64_t min, std::uint64_t max,
                  std::string range) {
  auto load = [&key](std::uint64_t value) {
    return errors(with(key + ": " + std::to_string(value)));
  };
  auto refused = "relay.yaml:3: gw." + key + ": must be " + range + ", not ";
  CAPTURE(key);
  CHECK(load(min) == "");
  CHECK(load(min + 1) == "");
  CHECK(load(max - 1) == "");
  CHECK(load(max) == "");
  CHECK(load(max + 1) == refused + std::to_string(max + 1));
  CHECK(errors(with(key + ": -1")) == refused + "-1");
  if (min > 0)
    CHECK(load(min - 1) == refused + std::to_string(min - 1));
}

} // namespace

TEST_CASE("a service without keys has the defaults") {
  auto config = test::config("- {name: gw, kind: http.service}");
  REQUIRE(config.services.size() == 1);
  const auto& gw = config.services[0];
  REQUIRE(gw.addresses.size() == 1);
  CHECK(to_text(gw.addresses.front()) == "127.0.0.1:8080");
  CHECK(gw.socket_mode == 0660);
  CHECK(gw.socket_owner == "");
  CHECK(!gw.proxy_protocol);
  CHECK(gw.threads == 0);
  CHECK(gw.max_connections == 100'000);
  CHECK(gw.max_header_fields == 100);
  CHECK(gw.write_timeout == std::chrono::seconds{30});
  CHECK(gw.trusted_proxies.empty());
}

TEST_CASE("every key of a service reaches its member") {
  auto config = test::config(R"(- name: gw
  kind: http.service
  meta: {}
  addr: "[::1]:9000"
  threads: 3
  max_connections: 17
  max_header_size: 2KiB
  max_header_fields: 19
  max_body_size: 3MiB
  request_timeout: 4s
  idle_timeout: 1m30s
  write_timeout: 6s
  shutdown_timeout: 500ms
  in_place_budget: 7ms
  trusted_proxies: [10.0.0.0/8, "::1", "unix:"]
  socket_mode: "0640"
  socket_owner: ann:web
  proxy_protocol: true
  proxy_protocol_timeout: 8s
)");
  REQUIRE(config.services.size() == 1);
  const auto& gw = config.services[0];
  using std::chrono::milliseconds;
  REQUIRE(gw.addresses.size() == 1);
  CHECK(gw.addresses.front().tcp == listen_address{"::1", 9000});
  CHECK(gw.socket_mode == 0640);
  CHECK(gw.socket_owner == "ann:web");
  CHECK(gw.proxy_protocol);
  CHECK(gw.proxy_protocol_timeout == milliseconds{8000});
  CHECK(gw.threads == 3);
  CHECK(gw.max_connections == 17);
  CHECK(gw.max_header_size == 2048);
  CHECK(gw.max_header_fields == 19);
  CHECK(gw.max_body_size == 3 * 1024 * 1024);
  CHECK(gw.request_timeout == milliseconds{4000});
  CHECK(gw.idle_timeout == milliseconds{90'000});
  CHECK(gw.write_timeout == milliseconds{6000});
  CHECK(gw.shutdown_timeout == milliseconds{500});
  CHECK(gw.in_place_budget == milliseconds{7});
  CHECK(gw.trusted_proxies
        == std::vector<std::string>{"10.0.0.0/8", "::1", "unix:"});
  CHECK(gw.where.file == "relay.yaml");
  CHECK(gw.where.line == 1);
}

TEST_CASE("the numbers of a service have limits") {
  check_limits("threads", 0, 256, "0 to 256");
  check_limits("max_connections", 1, 1'000'000, "1 to 1000000");
  check_limits("max_header_size", 256, 1 << 20, "256 to 1MiB");
  check_limits("max_header_fields", 8, 10'000, "8 to 10000");
  check_limits("max_body_size", 0, 1 << 30, "0 to 1GiB");
}

TEST_CASE("a size over 64 bits is out of range") {
  CHECK(errors(with("max_body_size: 99999999999999999999999"))
        == "relay.yaml:3: gw.max_body_size: must be 0 to 1GiB, not "
           "99999999999999999999999");
  CHECK(errors(with("max_body_size: 18446744073709551615GiB"))
            .ends_with("must be 0 to 1GiB, not 18446744073709551615GiB"));
}

TEST_CASE("a number is a whole number, with a unit only where bytes count") {
  CHECK(errors(with("threads: 1KiB"))
        == "relay.yaml:3: gw.threads: must be a whole number, not 1KiB");
  CHECK(errors(with("max_body_size: 1kb"))
        == "relay.yaml:3: gw.max_body_size: must be a size such as 65536, "
           "64KiB or 1MiB, not 1kb");
  CHECK(errors(with("max_body_size: 1.5MiB")) != "");
  CHECK(errors(with("max_body_size: KiB")) != "");
  CHECK(errors(with("threads: ''")) != "");
  CHECK(errors(with("threads: [1]"))
        == "relay.yaml:3: gw.threads: must be text, not a list");
  CHECK(errors(with("threads:"))
        == "relay.yaml:3: gw.threads: must be text, not null");
}

TEST_CASE("a bad duration of a service is reported at its key") {
  for (std::string key : {"request_timeout", "idle_timeout", "write_timeout",
                          "shutdown_timeout", "in_place_budget"}) {
    auto start = "relay.yaml:3: gw." + key + ": ";
    CHECK(errors(with(key + ": 0s")).starts_with(start));
    CHECK(errors(with(key + ": 10")).starts_with(start));
    CHECK(errors(with(key + ": 8761h")).starts_with(start));
    CHECK(errors(with(key + ": 8760h")) == "");
    CHECK(errors(with(key + ": 1ms")) == "");
  }
}

TEST_CASE("a bad address is reported at its key") {
  CHECK(errors(with("addr: 8080"))
        == "relay.yaml:3: gw.addr: must be HOST:PORT, unix:/PATH or "
           "systemd:NAME, not 8080");
  CHECK(errors(with("addr: {port: 1}"))
        == "relay.yaml:3: gw.addr: must be text, not a map");
}

TEST_CASE("a bad proxy is reported at its place in the list") {
  CHECK(errors("- name: gw\n"
               "  kind: http.service\n"
               "  trusted_proxies:\n"
               "    - 10.0.0.0/8\n"
               "    - proxy.example.com\n"
               "    - 10.0.0.1/8\n"
               "    - [a]\n")
        == "relay.yaml:5: gw.trusted_proxies[1]: must be an IP address or a "
           "block such as 10.0.0.0/8\n"
           "relay.yaml:6: gw.trusted_proxies[2]: has bits beyond the prefix\n"
           "relay.yaml:7: gw.trusted_proxies[3]: must be text, not a list");
  CHECK(errors(with("trusted_proxies: 10.0.0.0/8"))
        == "relay.yaml:3: gw.trusted_proxies: must be a list, not text");
}

TEST_CASE("two services on one host and port are in conflict") {
  auto two = [](std::string_view a, std::string_view b) {
    return errors("- {name: a, kind: http.service, addr: '" + std::string{a}
                  + "'}\n- name: b\n  kind: http.service\n  addr: '"
                  + std::string{b} + "'\n");
  };
  CHECK(two(":80", ":80")
        == "relay.yaml:4: b.addr: :80 is the address of a (relay.yaml:1)");
  CHECK(two(":80", ":81") == "");
  CHECK(two("127.0.0.1:80", "127.0.0.2:80") == "");
  CHECK(two(":0", ":0") == "");
}

TEST_CASE("a service with a bad address is in no conflict besides") {
  CHECK(errors("- {name: a, kind: http.service, addr: x}\n"
               "- {name: b, kind: http.service, addr: x}\n")
        == "relay.yaml:1: a.addr: must be HOST:PORT, unix:/PATH or "
           "systemd:NAME, not x\n"
           "relay.yaml:2: b.addr: must be HOST:PORT, unix:/PATH or "
           "systemd:NAME, not x");
}

// -- tls ----------------------------------------------------------------------

TEST_CASE("tls takes one certificate or a list, with paths beside the file") {
  auto loaded = load_config(with("tls: {certificate: a.pem, key: /k/a.key, "
                                 "handshake_timeout: 3s, max_handshakes: 7}"),
                            "/conf/relay.yaml");
  auto& one = loaded.config.services[0].tls;
  REQUIRE(one.certificates.size() == 1);
  CHECK(one.certificates[0].certificate == "/conf/a.pem");
  CHECK(one.certificates[0].key == "/k/a.key");
  CHECK(one.handshake_timeout == std::chrono::seconds{3});
  CHECK(one.max_handshakes == 7);
  auto listed = load_config(with("tls: {certificates: [{certificate: a.pem, "
                                 "key: a.key}, {certificate: b.pem, key: "
                                 "b.key}]}"),
                            "/conf/relay.yaml");
  auto& two = listed.config.services[0].tls;
  REQUIRE(two.certificates.size() == 2);
  CHECK(two.certificates[1].key == "/conf/b.key");
  CHECK(two.handshake_timeout == std::chrono::seconds{10});
}

TEST_CASE("files of tls are there") {
  CHECK(errors(with("tls: {}"))
        == "relay.yaml:3: gw.tls.certificate: is missing\n"
           "relay.yaml:3: gw.tls.key: is missing");
  CHECK(errors(with("tls: {certificate: /dev, key: /dev/null/a}"))
        == "relay.yaml:3: gw.tls.certificate: is not a file: /dev\n"
           "relay.yaml:3: gw.tls.key: is not a file: /dev/null/a: Not a "
           "directory");
  CHECK(errors(with("tls: {certificate: /etc/hosts, key: /etc/none}"))
        == "relay.yaml:3: gw.tls.key: is not a file: /etc/none: No such file "
           "or directory");
  CHECK(errors(with("tls: {certificates: []}"))
        == "relay.yaml:3: gw.tls.certificates: must hold one or more");
  CHECK(errors(with("tls: {certificates: [{certificate: /dev}]}"))
        == "relay.yaml:3: gw.tls.certificates[0].certificate: is not a file: "
           "/dev\n"
           "relay.yaml:3: gw.tls.certificates[0].key: is missing");
}

TEST_CASE("what is wrong in tls is told") {
  const std::string files = "certificate: /etc/hosts, key: /etc/hosts";
  CHECK(errors(with("tls: on")).starts_with("relay.yaml:3: gw.tls: must be"));
  CHECK(errors(with("tls: {" + files + ", certifcates: []}"))
            .find("gw.tls.certifcates: unknown key, did you mean "
                  "certificates?")
        != std::string::npos);
  CHECK(errors(with("tls: {" + files
                    + ", certificates: [{certificate: /etc/hosts, key: "
                      "/etc/hosts}]}"))
        == "relay.yaml:3: gw.tls.certificates: cannot stand beside "
           "certificate and key");
  CHECK(errors(with("tls: {certificates: [{" + files + ", ca: x}]}"))
        == "relay.yaml:3: gw.tls.certificates[0].ca: unknown key");
  for (auto [value, good] : {std::pair{"0", false},
                             {"1", true},
                             {"100000", true},
                             {"100001", false}}) {
    auto& shown_value = value;
    CAPTURE(shown_value);
    auto found =
        errors(with("tls: {" + files + ", max_handshakes: " + value + "}"));
    CHECK(found.empty() == good);
  }
  CHECK(errors(with("tls: {" + files + ", handshake_timeout: 0s}"))
        == "relay.yaml:3: gw.tls.handshake_timeout: a duration must be more "
           "than zero: 0s");
}

TEST_CASE("a redirect leads to another service, which has tls") {
  CHECK(errors(with("redirect_to_https: true"))
        == "relay.yaml:3: gw.redirect_to_https: needs another http.service "
           "with tls");
  const std::string tls = "tls: {certificate: /etc/hosts, key: /etc/hosts}";
  CHECK(errors(with("redirect_to_https: true\n  " + tls))
        == "relay.yaml:3: gw.redirect_to_https: it speaks https itself");
  CHECK(test::config(with("redirect_to_https: true")
                     + "- {name: s, kind: http.service, addr: \":0\", " + tls
                     + "}\n")
            .services.at(0)
            .redirect_to_https);
  CHECK(errors(with("redirect_to_https: true")
               + "- {name: s, kind: http.service, addr: \":0\", " + tls + "}\n")
        == "");
}

TEST_CASE("tls prints and loads again") {
  for (std::string tls :
       {"{certificate: /etc/hosts, key: /etc/hosts}",
        "{certificates: [{certificate: /etc/hosts, key: /etc/hosts}, "
        "{certificate: /etc/hosts, key: /etc/hosts}], max_handshakes: 3}"}) {
    auto printed = to_yaml(test::config(with("tls: " + tls)));
    CHECK(printed.find("tls:") != std::string::npos);
    CHECK(to_yaml(test::config(printed)) == printed);
  }
}

} // namespace wsrelay::read_service_test
