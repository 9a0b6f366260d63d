// The keys of an admin.service, and what keeps strangers out of it.
#include "config/load.hpp"
#include "config/service_address.hpp"
#include "config/validate.hpp"

#include "test/config/loaded_text.hpp"
#include "test/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::admin_test {

using test::errors;

namespace {

constexpr std::string_view token = "0123456789abcdef"; // as short as it may be

std::string with(std::string_view lines = "addr: \"127.0.0.1:9090\"") {
  return "- name: admin\n  kind: admin.service\n  " + std::string{lines} + "\n";
}

constexpr std::string_view cluster =
    "- name: relay1\n  kind: cluster.node\n  listen: 127.0.0.1:9000\n";

struct fixture {
  // Writes a file with a token and returns its line.
  std::string token_file(std::string_view text) {
    folder.write("token", text);
    return "token_file: " + path();
  }

  std::string path() const { return (folder / "token").string(); }

  // An admin.service on `addr`, with a token or without.
  std::string at(const std::string& addr, std::string_view secret = {}) {
    auto lines = "addr: \"" + addr + "\"";
    if (!secret.empty())
      lines += "\n  " + token_file(secret);
    return with(lines);
  }

  test::temporary_folder folder;
};

std::string warnings(std::string_view yaml) {
  auto loaded = load_config(yaml, "relay.yaml");
  CHECK(test::lines(loaded.errors) == "");
  return test::lines(find_warnings(loaded.config));
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

struct place {
  std::string addr;
  bool is_here; // only this machine connects there
};

const std::vector<place> places{
    {"127.0.0.1:9090", true},
    {"127.0.0.2:9090", true},
    {"127.255.255.255:0", true},
    {"localhost:9090", true},
    {"[::1]:9090", true},
    {"[0:0:0:0:0:0:0:1]:9090", true},
    {"unix:/tmp/admin.sock", true},
    {":9090", false},
    {"0.0.0.0:9090", false},
    {"[::]:9090", false},
    {"192.0.2.1:9090", false},
    {"126.0.0.1:9090", false},
    {"128.0.0.1:9090", false},
    {"[::2]:9090", false},
    {"127.example.com:9090", false},
    {"localhost.example:9090", false},
    {"systemd:admin", false},
};

} // namespace

// -- keys ---------------------------------------------------------------------

TEST_CASE("an admin service listens on 127.0.0.1:9090 unless told otherwise") {
  auto config = test::config("- {name: admin, kind: admin.service}\n");
  REQUIRE(config.admins.size() == 1);
  auto& admin = config.admins[0];
  CHECK(admin.name == "admin");
  REQUIRE(admin.addresses.size() == 1);
  CHECK(to_text(admin.addresses[0]) == "127.0.0.1:9090");
  CHECK(admin.socket_mode == 0600);
  CHECK(admin.socket_owner == "");
  CHECK(admin.max_connections == 256);
  CHECK(admin.token_file == "");
  CHECK(admin.token == "");
  CHECK(admin.required_peers.empty());
  CHECK_FALSE(admin.tls.enabled());
}

TEST_CASE_FIXTURE(fixture, "every key of an admin service is read") {
  folder.write("cert", "x");
  auto loaded = load_config(
      with("addr: [\":9443\", \"unix:/tmp/admin.sock\"]\n"
           "  socket_mode: \"0660\"\n  socket_owner: \"root:adm\"\n"
           "  max_connections: 17\n  required_peers: [app1, app2]\n  "
           + token_file("0123456789abcdef-secret\n")
           + "\n  tls: {certificate: " + (folder / "cert").string()
           + ", key: " + (folder / "cert").string() + "}")
          + std::string{cluster},
      "relay.yaml");
  CHECK(test::lines(loaded.errors) == "");
  REQUIRE(loaded.config.admins.size() == 1);
  auto& admin = loaded.config.admins[0];
  REQUIRE(admin.addresses.size() == 2);
  CHECK(to_text(admin.addresses[0]) == ":9443");
  CHECK(to_text(admin.addresses[1]) == "unix:/tmp/admin.sock");
  CHECK(admin.socket_mode == 0660);
  CHECK(admin.socket_owner == "root:adm");
  CHECK(admin.max_connections == 17);
  CHECK(admin.required_peers == std::vector<std::string>{"app1", "app2"});
  CHECK(admin.token_file == path());
  CHECK(admin.token == "0123456789abcdef-secret");
  CHECK(admin.tls.enabled());
}

TEST_CASE("an unknown key of an admin service names the nearest") {
  auto found = errors(with("max_connection: 5"));
  CHECK(found.starts_with("relay.yaml:3: admin.max_connection: "));
  CHECK(has(found, "max_connections"));
  CHECK(has(errors(with("tokenfile: x")), "token_file"));
  CHECK(has(errors(with("requird_peers: []")), "required_peers"));
  CHECK(has(errors(with("meta: {}")), "admin.meta: "));
  CHECK(has(errors(with("threads: 2")), "admin.threads: "));
}

TEST_CASE("an admin service has 1 to 100000 sockets") {
  for (std::string count : {"1", "2", "99999", "100000"})
    CHECK(errors(with("max_connections: " + count)) == "");
  for (std::string count : {"0", "100001"})
    CHECK(errors(with("max_connections: " + count))
              .starts_with("relay.yaml:3: admin.max_connections: must be "));
}

TEST_CASE("an admin service listens as other services do") {
  CHECK(has(errors(with("addr: nowhere")), "admin.addr: "));
  CHECK(has(errors(with("addr: []")), "admin.addr: must hold one or more"));
  CHECK(has(errors(with("addr: \"unix:/no/such/folder/x\"")),
            "admin.addr: its folder is not there: /no/such/folder"));
  CHECK(has(errors(with("socket_mode: \"999\"")), "admin.socket_mode: "));
  CHECK(has(errors(with("socket_owner: \":\"")), "admin.socket_owner: "));
  CHECK(has(errors(with("tls: {certificate: none.pem, key: none.pem}")),
            "admin.tls."));
}

// -- the token ----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a token is needed where not only this machine can "
                           "connect") {
  for (auto& each : places) {
    CAPTURE(each.addr);
    auto found = errors(at(each.addr));
    if (each.is_here)
      CHECK(found == "");
    else
      CHECK(found
            == "relay.yaml:1: admin.token_file: is missing: addr can be "
               "reached from elsewhere");
    CHECK(errors(at(each.addr, token)) == "");
    CHECK(is_of_this_machine(*parse_service_address(each.addr))
          == each.is_here);
  }
}

TEST_CASE("an address that cannot be read is all that is told of") {
  for (std::string addr : {"unix:relative.sock", "unix:", "systemd:", "nowhere",
                           "192.0.2.1:70000"}) {
    CAPTURE(addr);
    auto loaded = load_config(with("addr: \"" + addr + "\""), "relay.yaml");
    REQUIRE(loaded.errors.size() == 1);
    CHECK(loaded.errors[0].path == "admin.addr");
    CHECK(test::lines(find_warnings(loaded.config)) == "");
  }
  auto found = errors(with("addr: [\"unix:relative.sock\", \":9090\"]"));
  CHECK(has(found, "admin.addr[0]: must be unix:/PATH"));
  CHECK(has(found, "admin.token_file: is missing"));
}

TEST_CASE("one address of several is enough to need a token") {
  CHECK(has(errors(with("addr: [\"127.0.0.1:9090\", \":9091\"]")),
            "admin.token_file: is missing"));
  CHECK(errors(with("addr: [\"127.0.0.1:9090\", \"[::1]:9090\"]")) == "");
}

TEST_CASE_FIXTURE(fixture, "a token has 16 bytes or more") {
  for (auto [text, good] :
       {std::pair<std::string, bool>{"0123456789abcde", false},
        {"0123456789abcdef", true},
        {"0123456789abcdefg", true},
        {"0123456789abcde\n", false}, // the end of the line is none of it
        {"0123456789abcdef\r\n", true},
        {std::string(4096, 'x'), true}}) {
    auto shown_text = text.size();
    CAPTURE(shown_text);
    auto found = errors(with(token_file(text)));
    if (good)
      CHECK(found == "");
    else
      CHECK(found
            == "relay.yaml:3: admin.token_file: must hold 16 bytes or more");
  }
  CHECK(has(errors(with(token_file(std::string(4097, 'x')))),
            "admin.token_file: larger than 4096 bytes"));
}

TEST_CASE_FIXTURE(fixture, "a token is one word") {
  for (std::string text :
       {"0123456789 abcdef", "0123456789\tabcdef", " 0123456789abcdef",
        "0123456789abcdef ", "0123456789\nabcdef", "0123456789\rabcdef"}) {
    CAPTURE(text);
    CHECK(errors(with(token_file(text)))
          == "relay.yaml:3: admin.token_file: must hold one word of ASCII");
  }
}

TEST_CASE_FIXTURE(fixture, "a file of a token can be read, and is not empty") {
  auto missing = errors(with("token_file: /no/such/file"));
  CHECK(missing.starts_with("relay.yaml:3: admin.token_file: "));
  CHECK(missing.find('\n') == missing.npos);
  for (std::string text : {"", "\n", "\r\n\n"})
    CHECK(errors(with(token_file(text)))
          == "relay.yaml:3: admin.token_file: the file is empty");
  CHECK(errors(with("token_file: /tmp"))
            .starts_with("relay.yaml:3: admin.token_file: "));
}

// -- beside other entries -----------------------------------------------------

TEST_CASE("peers are required of a node in a cluster only") {
  auto lines = with("required_peers: [app1]");
  CHECK(errors(lines)
        == "relay.yaml:3: admin.required_peers: needs a cluster.node");
  CHECK(errors(lines + std::string{cluster}) == "");
  CHECK(errors(std::string{cluster} + lines) == "");
  CHECK(errors(with("required_peers: []")) == "");
  CHECK(has(errors(with("required_peers: app1")), "admin.required_peers: "));
}

TEST_CASE("one admin service is enough") {
  CHECK(errors(with()
               + "- name: other\n  kind: admin.service\n  addr: "
                 "\"127.0.0.1:9091\"\n")
        == "relay.yaml:5: other.kind: one is enough, there is admin "
           "(relay.yaml:1)");
}

TEST_CASE("an admin service has no http.service's name") {
  auto other = "- {name: admin, kind: http.service, addr: \"127.0.0.1:1\"}\n";
  CHECK(errors(with() + other)
        == "relay.yaml:1: admin.name: the name of an http.service");
  CHECK(errors(with()
               + "- {name: web, kind: http.service, addr: \"127.0.0.1:1\"}\n")
        == "");
}

TEST_CASE("an admin service has no other service's address") {
  auto other = [](std::string addr) {
    return "- {name: web, kind: http.service, addr: \"" + addr + "\"}\n";
  };
  CHECK(errors(with("addr: \"127.0.0.1:9090\"") + other("127.0.0.1:9090"))
        == "relay.yaml:3: admin.addr: 127.0.0.1:9090 is the address of web "
           "(relay.yaml:4)");
  CHECK(has(errors(with("addr: [\"127.0.0.1:1\", \"unix:/tmp/x\"]")
                   + other("unix:/tmp/x")),
            "admin.addr[1]: unix:/tmp/x is the address of web"));
  CHECK(errors(with() + other("127.0.0.1:9091")) == "");
  CHECK(errors(with("addr: \"127.0.0.1:0\"") + other("127.0.0.1:0")) == "");
}

// -- warnings -----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a token that goes over the network as it is, is a "
                           "warning") {
  for (auto& each : places) {
    CAPTURE(each.addr);
    auto found = warnings(at(each.addr, token));
    CHECK(has(found, "admin.tls: is missing: the token goes over the network")
          == !each.is_here);
  }
  folder.write("cert", "x");
  auto cert = (folder / "cert").string();
  CHECK(warnings(with("addr: \":9090\"\n  " + token_file(token)
                      + "\n  tls: {certificate: " + cert + ", key: " + cert
                      + "}"))
        == "");
}

TEST_CASE("what is for unix sockets does nothing without one") {
  CHECK(has(warnings(with("socket_mode: \"0660\"")),
            "admin.socket_mode: does nothing: no addr is a unix socket"));
  CHECK(has(warnings(with("socket_owner: root")),
            "admin.socket_owner: does nothing: no addr is a unix socket"));
  CHECK(warnings(with("socket_mode: \"0600\"")) == ""); // as by default
  CHECK(warnings(with("addr: \"unix:/tmp/x\"\n  socket_mode: \"0660\"\n"
                      "  socket_owner: root"))
        == "");
}

// -- printing -----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "what an admin service is prints and loads again") {
  folder.write("cert", "x");
  auto cert = (folder / "cert").string();
  for (auto& yaml :
       {with(), with("addr: [\"unix:/tmp/a b.sock\", \":9091\"]\n"
                     "  socket_mode: \"0660\"\n  socket_owner: \":adm\"\n"
                     "  max_connections: 17\n  required_peers: [a, \"b #\"]\n  "
                     + token_file(token) + "\n  tls: {certificate: " + cert
                     + ", key: " + cert + "}")
                    + std::string{cluster}}) {
    auto loaded = load_config(yaml, "relay.yaml");
    REQUIRE(test::lines(loaded.errors) == "");
    auto printed = to_yaml(loaded.config);
    CHECK_FALSE(has(printed, token));
    auto again = load_config(printed, "printed.yaml");
    REQUIRE(test::lines(again.errors) == "");
    CHECK(to_yaml(again.config) == printed);
    REQUIRE(again.config.admins.size() == 1);
    CHECK(again.config.admins[0].token == loaded.config.admins[0].token);
    CHECK(again.config.admins[0].required_peers
          == loaded.config.admins[0].required_peers);
    CHECK(again.config.admins[0].socket_mode
          == loaded.config.admins[0].socket_mode);
  }
}

TEST_CASE("no service is called as what is left of one in the metrics") {
  CHECK(errors("- name: web.retired\n  kind: http.service\n")
        == "relay.yaml:1: web.retired.name: must not end with .retired: so is "
           "called what is left of a service in the metrics");
  CHECK(errors("- name: retired\n  kind: http.service\n") == "");
}

TEST_CASE_FIXTURE(fixture, "a token is of characters that a request can have") {
  for (std::string bad : {std::string{"0123456789\0bcdef", 16},
                          std::string{"0123456789abcde\xff"}})
    CHECK(errors(at("127.0.0.1:1", bad))
          == "relay.yaml:4: admin.token_file: must hold one word of ASCII");
}

} // namespace wsrelay::admin_test
