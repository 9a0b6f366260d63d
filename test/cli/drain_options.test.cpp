// The command line of drain: what empties, and where to.
#include "tools/wsrelay/options.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

namespace wsrelay::cli::drain_options_test {

namespace {

using strings = std::vector<std::string>;

constexpr auto wants_to = "drain --target or --node wants --to (before the "
                          "command --node says where to ask)";

// The environment of who runs the tests does not matter.
std::variant<options, early_exit> parse(strings args,
                                        const char* node = nullptr) {
  ::unsetenv("WSRELAY_NODE");
  for (auto name : {"WSRELAY_TLS_CERT", "WSRELAY_TLS_KEY", "WSRELAY_TLS_CA"})
    ::unsetenv(name);
  if (node)
    ::setenv("WSRELAY_NODE", node, 1);
  auto result = parse_options(std::move(args));
  ::unsetenv("WSRELAY_NODE");
  return result;
}

options parsed(strings args, const char* node = nullptr) {
  auto result = parse(std::move(args), node);
  if (auto* exit = std::get_if<early_exit>(&result))
    FAIL(exit->text);
  auto opts = std::get<options>(result);
  CHECK(opts.what == command::drain);
  return opts;
}

// Returns the error's text, "" when there is none.
std::string refused(strings args, const char* node = nullptr) {
  auto result = parse(std::move(args), node);
  auto* exit = std::get_if<early_exit>(&result);
  if (!exit)
    return {};
  CHECK(exit->code == exit_code::usage);
  return exit->text;
}

} // namespace

TEST_CASE("a drain without more is of the node itself") {
  auto opts = parsed({"drain"});
  CHECK(opts.subject == "");
  CHECK(opts.from_node == "");
  CHECK(opts.target == "");
  CHECK(opts.rate == 500);
  CHECK(opts.node.host == "");
  CHECK(opts.peer == "");
  CHECK_FALSE(opts.json);
}

TEST_CASE("options of all commands belong to a drain as well") {
  auto opts = parsed({"--node", "[::1]:7800", "--peer", "far", "drain",
                      "--json", "--timeout", "2s"});
  CHECK(opts.node.host == "::1");
  CHECK(opts.node.port == 7800);
  CHECK(opts.node.timeout == std::chrono::seconds{2});
  CHECK(opts.peer == "far");
  CHECK(opts.json);
  CHECK(opts.from_node == "");
  CHECK(parsed({"drain", "--peer", "far"}).peer == "far");
}

TEST_CASE("a drain of a target says where its connections go") {
  auto opts = parsed({"drain", "--target", "chat", "--to", "chat@app2"});
  CHECK(opts.subject == "chat");
  CHECK(opts.target == "chat@app2");
  CHECK(opts.from_node == "");
  CHECK(opts.node.host == "");
}

TEST_CASE("behind the command --node is the one whose targets move") {
  auto opts = parsed({"drain", "--node", "app1", "--to", "app2"});
  CHECK(opts.from_node == "app1");
  CHECK(opts.target == "app2");
  CHECK(opts.subject == "");
  CHECK(opts.node.host == "");
  CHECK(opts.node.port == 0);
  // What looks like an address is a name there.
  CHECK(parsed({"drain", "--node", "h:1", "--to", "x"}).from_node == "h:1");
}

TEST_CASE("before the command --node is where to ask") {
  for (auto* text : {"relay:7800", "unix:/run/x.sock", "/run/x.sock"}) {
    auto opts =
        parsed({"--node", text, "drain", "--node", "app1", "--to", "app2"});
    CHECK(place_of(opts.node) == (text[0] == 'r' ? text : "/run/x.sock"));
    CHECK(opts.from_node == "app1");
    CHECK(opts.target == "app2");
  }
  CHECK(parsed({"--node", "relay:7800", "drain"}).node.host == "relay");
  CHECK(refused({"--node", "app1", "drain", "--to", "app2"})
            .find("must be HOST:PORT or the whole path of a unix socket: app1")
        != std::string::npos);
}

TEST_CASE("the environment says where to ask, whichever node is drained") {
  auto opts = parsed({"drain", "--node", "app1", "--to", "app2"}, "relay:7800");
  CHECK(place_of(opts.node) == "relay:7800");
  CHECK(opts.from_node == "app1");
  auto other =
      parsed({"--node", "other:1", "drain", "--node", "app1", "--to", "app2"},
             "relay:7800");
  CHECK(place_of(other.node) == "other:1");
  CHECK(other.from_node == "app1");
  auto itself = parsed({"drain"}, "relay:7800");
  CHECK(place_of(itself.node) == "relay:7800");
  CHECK(itself.from_node == "");
  CHECK(refused({"drain", "--to", "app2"}, "relay:7800")
        == "drain --to and --rate want --target or --node");
}

TEST_CASE("the rate of a drain has limits") {
  auto with_rate = [](std::string rate) {
    return strings{"drain", "--target", "a", "--to", "b", "--rate", rate};
  };
  CHECK(parsed(with_rate("1")).rate == 1);
  CHECK(parsed(with_rate("2")).rate == 2);
  CHECK(parsed(with_rate("99999")).rate == 99'999);
  CHECK(parsed(with_rate("100000")).rate == 100'000);
  for (auto* rate : {"0", "-1", "100001", "4294967297", "x", "1.5", "10/s"}) {
    CAPTURE(rate);
    CHECK(refused(with_rate(rate)) != "");
  }
  CHECK(refused(with_rate("0")).find("--rate") != std::string::npos);
}

TEST_CASE("a drain is of a target or of a node") {
  auto text =
      refused({"drain", "--target", "chat", "--node", "app1", "--to", "app2"});
  CHECK(text.find("--target") != std::string::npos);
  CHECK(text.find("--node") != std::string::npos);
  CHECK(refused({"drain", "--node", "app1", "--target", "chat", "--to", "app2"})
        != "");
}

TEST_CASE("where to and what belong together") {
  CHECK(refused({"drain", "--to", "app2"})
        == "drain --to and --rate want --target or --node");
  CHECK(refused({"--node", "relay:7800", "drain", "--to", "app2"})
        == "drain --to and --rate want --target or --node");
  CHECK(refused({"drain", "--target", "chat"}) == wants_to);
  CHECK(refused({"drain", "--node", "app1"}) == wants_to);
  CHECK(refused({"drain", "--node", "relay:7800"}) == wants_to);
  CHECK(refused({"--node", "relay:7800", "drain", "--node", "app1"})
        == wants_to);
}

TEST_CASE("nothing is drained into itself, and no empty name") {
  CHECK(refused({"drain", "--target", "a", "--to", "a"})
        == "drain: from a to itself");
  CHECK(refused({"drain", "--node", "app1", "--to", "app1"})
        == "drain: from app1 to itself");
  CHECK(refused({"drain", "--target", "", "--to", ""})
        == "drain: a name is empty");
  CHECK(refused({"drain", "--node", "", "--to", "app1"})
        == "drain: a name is empty");
  CHECK(refused({"drain", "--rate", "5"})
        == "drain --to and --rate want --target or --node");
}

TEST_CASE("a drain takes nothing else") {
  CHECK(refused({"drain", "app1"}) != "");
  CHECK(refused({"drain", "--target"}) != "");
  CHECK(refused({"drain", "--node"}) != "");
  CHECK(refused({"drain", "--target", "a", "--to"}) != "");
  CHECK(refused({"drain", "--tls-cert", "/dev/null"})
        == "--tls-cert, --tls-key and --tls-ca belong together (or "
           "WSRELAY_TLS_CERT, _KEY and _CA)");
  CHECK(refused({"ps", "--to", "app2"}) != "");
  CHECK(refused({"ps", "--rate", "5"}) != "");
}

TEST_CASE("shells and help know the drain") {
  for (auto* shell : {"bash", "zsh", "fish"}) {
    auto script = std::get<options>(parse({"completion", shell})).script;
    for (auto* word : {"drain", "rate", "target"})
      CHECK(script.find(word) != std::string::npos);
  }
  auto help = std::get<early_exit>(parse({"drain", "--help"}));
  CHECK(help.code == exit_code::ok);
  for (auto* word : {"--target", "--node", "--to", "--rate", "500"})
    CHECK(help.text.find(word) != std::string::npos);
}

} // namespace wsrelay::cli::drain_options_test
