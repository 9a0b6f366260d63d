// What works but is hardly meant.
#include "config/missing_names.hpp"
#include "config/validate.hpp"

#include "test/config/good_config.hpp"
#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

namespace wsrelay::warnings_test {

using test::make_config;

namespace {

std::string errors(const relay_config& config) {
  return test::lines(validate(config));
}

std::string warnings(const relay_config& config) {
  return test::lines(find_warnings(config));
}

} // namespace

TEST_CASE("a router that allows any origin is a warning") {
  auto config = make_config();
  config.routers[0].options.origins.allowed.push_back({true, {}});
  CHECK(errors(config) == "");
  CHECK(find_warnings(config).size() == 1);
}

TEST_CASE("a state that a request could add to is a warning") {
  auto with = [](std::string state) {
    auto config = make_config();
    relay_handler relay;
    relay.command.target_pid = "echo";
    relay.command.state = std::move(state);
    config.endpoints[0].handler = std::move(relay);
    return warnings(config);
  };
  for (auto good : {"", "{room}", "[{room}", "room {room}", R"({"id":"{id}"})",
                    R"( ["{a}", 1])", R"(say "{room}")"}) {
    CAPTURE(good);
    CHECK(with(good) == "");
  }
  for (auto bad : {R"({"id":{id}})", R"( {"id": {id}, "admin": false})",
                   R"(["a", {b}])"}) {
    CAPTURE(bad);
    CHECK(with(bad).find(".relay.state: looks like JSON and is none")
          != std::string::npos);
  }
}

TEST_CASE(
    "an entry with an error has no warning: it was not read as it stands") {
  auto loaded = load_config("- name: relay1\n  kind: cluster.node\n"
                            "  peers: 127.0.0.1:9000\n",
                            "relay.yaml");
  CHECK(loaded.errors.size() == 1);
  CHECK(loaded.warnings.empty());
}

TEST_CASE("a node that meets no other is a warning") {
  auto config = make_config();
  auto& node = config.clusters.emplace_back();
  node.name = "relay1";
  CHECK(errors(config) == "");
  CHECK(warnings(config)
        == "relay1.listen: is missing, and so are peers: it meets no node");
  node.peers = {"app1:9000"};
  CHECK(warnings(config) == "");
  node.peers.clear();
  node.listen = "127.0.0.1:9000";
  CHECK(warnings(config) == "");
}

TEST_CASE("a node that listens to everybody without tls is a warning") {
  auto config = make_config();
  auto& node = config.clusters.emplace_back();
  node.name = "relay1";
  for (std::string listen :
       {":9000", "0.0.0.0:9000", "[::]:9000", "192.0.2.1:9000", "11.0.0.1:9000",
        "172.32.0.1:9000", "[2001:db8::1]:9000"}) {
    node.listen = listen;
    CHECK(warnings(config)
          == "relay1.listen: without tls everybody who reaches " + listen
                 + " is a node of the cluster");
  }
  for (auto listen : {"127.0.0.1:9000", "10.1.2.3:9000", "172.31.0.1:9000",
                      "192.168.1.1:9000", "[::1]:9000", "[fd00::1]:9000",
                      "app1:9000", "localhost:9000", "100.64.0.1:9000"}) {
    CAPTURE(listen);
    node.listen = listen;
    CHECK(warnings(config) == "");
  }
  node.listen = ":9000";
  node.tls = {"c.pem", "k.pem", "ca.pem"};
  CHECK(warnings(config) == "");
}

TEST_CASE("an actor at a node that cannot be there is a warning") {
  auto config = make_config();
  auto at = [&](std::string target) {
    relay_handler relay;
    relay.command.target_pid = std::move(target);
    config.endpoints[0].handler = relay;
    return warnings(config);
  };
  auto nowhere = std::string{"nothing gets there: without a cluster.node there "
                             "is no node app1"};
  CHECK(at("chat@app1") == "echo.relay.target_pid: " + nowhere);
  config.endpoints[0].handler = func_handler{"auth@app1"};
  CHECK(warnings(config) == "echo.func: " + nowhere);
  auto& node = config.clusters.emplace_back();
  node.name = "relay1";
  node.peers = {"app1:9000"};
  CHECK(at("chat@app1") == "");
  CHECK(at("chat") == "");
  CHECK(at("12@0123456789abcdef0123456789ABCDEF01234567#89") == "");
  CHECK(at("12@ABC")
        == "echo.relay.target_pid: is the name 12 at a node ABC: a PID has 40 "
           "hexadecimal digits, # and a number behind its @");
}

TEST_CASE("a router behind a redirect is a warning") {
  auto config = make_config();
  auto& https = config.services.emplace_back(config.services[0]);
  https.name = "https";
  https.addresses.front().tcp.port = 0;
  https.tls.certificates = {{"/etc/hosts", "/etc/hosts"}};
  config.services[0].redirect_to_https = true;
  CHECK(errors(config) == "");
  CHECK(warnings(config).find("meta.server: nobody gets here: "
                              + config.services[0].name + " redirects to https")
        != std::string::npos);
}

TEST_CASE("a trusted header of nobody is a warning, with a secret or none") {
  auto config = make_config();
  trusted_header_handler handler;
  SUBCASE("with") {
    handler.secret = "secret";
  }
  SUBCASE("without") {}
  config.endpoints[0].handler = handler;
  CHECK(errors(config) == "");
  CHECK(test::lines(find_warnings(config))
        == "echo.trusted_header: refuses every request: its service has no "
           "trusted_proxies");
  config.services[0].trusted_proxies = {"10.0.0.0/8"};
  CHECK(find_warnings(config).empty());
  config.services[0].trusted_proxies.clear();
  config.routers[0].server = "none"; // an error, and no warning
  CHECK(find_warnings(config).empty());
}

TEST_CASE("a parameter in the metadata that lost its quotes is a warning") {
  auto warnings = [](std::string metadata) {
    auto config = make_config();
    std::get<relay_handler>(config.endpoints[0].handler).command.metadata =
        std::move(metadata);
    return test::lines(find_warnings(config));
  };
  auto expected =
      "echo.relay.metadata: {room} is a map here: write \"{room}\" for the "
      "parameter of the path";
  CHECK(warnings(R"({"a":1,"room":{"room":null}})") == expected);
  CHECK(warnings(R"({"rooms":["x",{"room":null}]})") == expected);
  for (auto good :
       {R"({"room":null})", R"({"a":{"room":"{room}"}})", R"({"a":{}})",
        R"({"a":{"b":null,"c":1}})", R"({"a":{"b":{"c":1},"d":null}})",
        R"({"a":"{\"room\":null}"})", R"({"a{":null})", R"({"a":{)"})
    CHECK(warnings(good) == "");
}

TEST_CASE("a router that takes messages which it cannot give is a warning") {
  auto config = make_config();
  auto& options = config.routers[0].options;
  options.output_limit = options.max_message_size;
  CHECK(warnings(config) == "");
  --options.output_limit;
  CHECK(errors(config) == "");
  CHECK(warnings(config)
        == "ws.post_options.wsrelay.output.limit: is 1048575, less than "
           "wsrelay.max.message.size (1048576): what a client may send, no "
           "target can answer with");
  config.routers[0].relays = false;
  CHECK(warnings(config).find("than wsrelay.max.message.size")
        == std::string::npos);
}

TEST_CASE("loops that read more than half of what may wait for another node "
          "are a warning") {
  auto config = make_config();
  config.services[0].threads = 3;
  auto& cluster = config.clusters.emplace_back();
  cluster.name = "relay1";
  cluster.listen = "127.0.0.1:9000";
  // A message, its metadata, what goes along, and what is read with its end.
  constexpr std::size_t each = 1024 * 1024 + 16 * 1024 + 2 * 64 * 1024;
  cluster.output_limit = 2 * 3 * each;
  CHECK(warnings(config) == "");
  --cluster.output_limit;
  CHECK(errors(config) == "");
  CHECK(warnings(config)
        == "relay1.output_limit: is 7176191, and the loops may read 3588096 "
           "before they stop at half of it: 7176192 or more is safe, or "
           "smaller messages");
  SUBCASE("those of every service count") {
    cluster.output_limit = 2 * 4 * each - 1;
    CHECK(warnings(config) == "");
    auto& other = config.services.emplace_back(config.services[0]);
    other.name = "other";
    other.addresses.front().tcp.port = 8081;
    other.threads = 1;
    CHECK(warnings(config) == ""); // nothing is relayed there
    auto& router = config.routers.emplace_back(config.routers[0]);
    router.name = "other ws";
    router.server = "other";
    CHECK(warnings(config) != "");
  }
  SUBCASE("nothing goes to another node where nothing is relayed") {
    config.routers[0].relays = false;
    CHECK(warnings(config) == "");
  }
  SUBCASE("bodies do where an actor is asked") {
    config.services[0].max_body_size = 2 * 1024 * 1024;
    cluster.output_limit = 2 * 3 * each;
    CHECK(warnings(config) == "");
    config.endpoints[0].handler = func_handler{"auth"};
    CHECK(warnings(config) != "");
  }
}

TEST_CASE("a name that nobody can have is a warning at its key") {
  auto missing = [](const relay_config& config) {
    return test::lines(find_missing_names(config, {"echo", "chat"}));
  };
  auto config = make_config();
  CHECK(missing(config) == "");
  auto at = [&](std::string target) {
    relay_handler relay;
    relay.command.target_pid = std::move(target);
    config.endpoints[0].handler = relay;
    return missing(config);
  };
  auto why = [](std::string name, std::string guess = "") {
    return "nobody has " + name
           + ": no entry offers it, and no cluster.node or backend.service "
             "could bring it"
           + guess + " (a program of yours that embeds the relay may have it)";
  };
  CHECK(at("chat") == "");
  CHECK(at("ech")
        == "echo.relay.target_pid: "
               + why("the name \"ech\"", "; did you mean \"echo\"?"));
  CHECK(at("gmae") == "echo.relay.target_pid: " + why("the name \"gmae\""));
  config.endpoints[0].handler = func_handler{"door"};
  CHECK(missing(config) == "echo.func: " + why("the name \"door\""));
  SUBCASE("an http.target has its name") {
    config.targets.emplace_back().name = "game";
    CHECK(at("game") == "");
    CHECK(at("gmae")
          == "echo.relay.target_pid: "
                 + why("the name \"gmae\"", "; did you mean \"game\"?"));
  }
  SUBCASE("a backend brings any") {
    config.backends.emplace_back();
    CHECK(missing(config) == "");
  }
  SUBCASE("so does another node, where there can be one") {
    auto& node = config.clusters.emplace_back();
    CHECK(missing(config) != "");
    node.listen = "127.0.0.1:9000";
    CHECK(missing(config) == "");
    node.listen = "";
    node.peers = {"app1:9000"};
    CHECK(missing(config) == "");
  }
  SUBCASE("nothing is said of what is no name") {
    CHECK(at("door@app1") == "");
    CHECK(at("12@0123456789abcdef0123456789ABCDEF01234567#89") == "");
    CHECK(at("") == "");
    config.endpoints[0].handler = upstream_handler{};
    CHECK(missing(config) == "");
  }
  SUBCASE("a parameter stands for any text") {
    for (auto good : {"{x}", "{x}t", "c{x}", "e{x}o", "{x}h{y}", "{x}{y}"})
      CHECK(at(good) == "");
    for (auto bad : {"room-{x}", "chat{x}", "{x}chat", "{a}{b}{c}{d}{e}",
                     "e{x}h", "{x}room{y}"}) {
      CAPTURE(bad);
      CHECK(at(bad).starts_with("echo.relay.target_pid: nobody has a name such "
                                "as \""
                                + std::string{bad} + "\":"));
    }
  }
}

TEST_CASE("of names that nobody has fifty are guessed") {
  auto config = make_config();
  auto one = config.endpoints[0];
  std::get<relay_handler>(one.handler).command.target_pid = "ech";
  config.endpoints.assign(60, one);
  auto found = find_missing_names(config, {"echo"});
  REQUIRE(found.size() == 60);
  CHECK(found[49].text.find("did you mean") != std::string::npos);
  CHECK(found[50].text.find("did you mean") == std::string::npos);
}

} // namespace wsrelay::warnings_test
