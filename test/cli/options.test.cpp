// The command line: what is read, and what is refused with code 2.
#include "tools/wsrelay/options.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

namespace wsrelay::cli::options_test {

namespace {

using namespace std::chrono_literals;

using strings = std::vector<std::string>;

// The environment of who runs the tests does not matter.
std::variant<options, early_exit> parse(strings args) {
  for (auto name : {"WSRELAY_NODE", "WSRELAY_ADMIN", "WSRELAY_TOKEN_FILE",
                    "WSRELAY_TLS_CERT", "WSRELAY_TLS_KEY", "WSRELAY_TLS_CA"})
    ::unsetenv(name);
  return parse_options(std::move(args));
}

options parsed(strings args) {
  args.insert(args.begin(), {"--node", "example:7800"});
  auto result = parse(std::move(args));
  if (auto* exit = std::get_if<early_exit>(&result))
    FAIL(exit->text);
  return std::get<options>(result);
}

// Returns the error's text, "" when there is none.
std::string refused(strings args, bool with_node = true) {
  if (with_node)
    args.insert(args.begin(), {"--node", "example:7800"});
  auto result = parse(std::move(args));
  auto* exit = std::get_if<early_exit>(&result);
  if (!exit)
    return {};
  CHECK(exit->code == exit_code::usage);
  return exit->text;
}

} // namespace

TEST_CASE("a command and a node are enough") {
  auto opts = parsed({"ps"});
  CHECK(opts.what == command::ps);
  CHECK(opts.node.host == "example");
  CHECK(opts.node.port == 7800);
  CHECK(opts.node.timeout == 5s);
  CHECK(opts.node.tls.ca.empty());
  CHECK(opts.peer.empty());
  CHECK_FALSE(opts.json);
}

TEST_CASE("options of all commands stand before or after the command") {
  for (auto& args : {strings{"--json", "--timeout", "1m30s", "targets"},
                     strings{"targets", "--timeout=1m30s", "--json"}}) {
    auto opts = parsed(args);
    CHECK(opts.what == command::targets);
    CHECK(opts.json);
    CHECK(opts.node.timeout == 90s);
  }
}

TEST_CASE("certificates come from the environment, an option wins") {
  ::unsetenv("WSRELAY_NODE");
  ::setenv("WSRELAY_TLS_CERT", "/dev/null", 1);
  ::setenv("WSRELAY_TLS_KEY", "/dev/null", 1);
  ::setenv("WSRELAY_TLS_CA", "/dev/zero", 1);
  auto from_environment = parse_options({"ps", "--node", "n:1"});
  auto from_option =
      parse_options({"ps", "--node", "n:1", "--tls-ca", "/dev/full"});
  ::unsetenv("WSRELAY_TLS_CA");
  auto incomplete = parse_options({"ps", "--node", "n:1"});
  ::unsetenv("WSRELAY_TLS_CERT");
  ::unsetenv("WSRELAY_TLS_KEY");
  auto& tls = std::get<options>(from_environment).node.tls;
  CHECK(tls.certificate == "/dev/null");
  CHECK(tls.key == "/dev/null");
  CHECK(tls.ca == "/dev/zero");
  CHECK(std::get<options>(from_option).node.tls.ca == "/dev/full");
  CHECK(std::get<options>(from_environment).node.words.ca == "WSRELAY_TLS_CA");
  auto& words = std::get<options>(from_option).node.words;
  CHECK(words.ca == "--tls-ca");
  CHECK(words.key == "WSRELAY_TLS_KEY");
  CHECK(std::holds_alternative<early_exit>(incomplete));
}

TEST_CASE("the node comes from the environment, an option wins") {
  ::setenv("WSRELAY_NODE", "[::1]:1", 1);
  auto from_environment = parse_options({"ps"});
  auto from_option = parse_options({"ps", "--node", "other:2"});
  ::unsetenv("WSRELAY_NODE");
  CHECK(std::get<options>(from_environment).node.host == "::1");
  CHECK(std::get<options>(from_option).node.host == "other");
}

TEST_CASE("who is named on the command line is asked, whatever the "
          "environment says") {
  ::setenv("WSRELAY_NODE", "[::1]:1", 1);
  auto by_http = parse_options({"--admin", "http://127.0.0.1:2", "ps"});
  ::setenv("WSRELAY_ADMIN", "http://127.0.0.1:3", 1);
  ::setenv("WSRELAY_TOKEN_FILE", "/nonexistent", 1);
  auto by_node = parse_options({"ps", "--node=other:2"});
  auto both = parse_options({"ps"});
  ::unsetenv("WSRELAY_TOKEN_FILE");
  ::unsetenv("WSRELAY_ADMIN");
  ::unsetenv("WSRELAY_NODE");
  CHECK(std::get<options>(by_http).admin.url == "http://127.0.0.1:2");
  CHECK(std::get<options>(by_http).node.host.empty());
  CHECK(std::get<options>(by_node).node.host == "other");
  CHECK(std::get<options>(by_node).admin.url.empty());
  CHECK(std::get<early_exit>(both).code == exit_code::usage);
}

TEST_CASE("a node may be named by the path of its socket, or not at all") {
  for (auto* text : {"unix:/run/x.sock", "/run/x.sock"}) {
    auto opts = std::get<options>(parse({"ps", "--node", text}));
    CHECK(opts.node.host == "/run/x.sock");
    CHECK(opts.node.port == 0);
    CHECK(place_of(opts.node) == "/run/x.sock");
  }
  CHECK(std::get<options>(parse({"ps"})).node.host == "");
  CHECK(place_of(parsed({"ps"}).node) == "example:7800");
  auto from_port = std::get<options>(parse({"ps", "--node", "unix:1"}));
  CHECK(from_port.node.host == "unix"); // a host of that name
}

TEST_CASE("each command reads what is its own") {
  CHECK(parsed({"targets", "--all"}).all);
  CHECK(parsed({"peers", "--peer", "app1"}).peer == "app1");
  auto close = parsed({"close", "1@x", "4000", "bye"});
  CHECK(close.what == command::close);
  CHECK(close.subject == "1@x");
  CHECK(close.code == 4000);
  CHECK(close.reason == "bye");
  CHECK(parsed({"close", "1@x"}).code == 1000);
  auto transfer = parsed({"transfer", "1@x", "chat@app1"});
  CHECK(transfer.what == command::transfer);
  CHECK(transfer.target == "chat@app1");
  auto watch = parsed({"watch", "1@x", "--payload"});
  CHECK(watch.what == command::watch);
  CHECK(watch.payload);
}

TEST_CASE("a message may be any text") {
  for (auto* text : {"", "hi", "{}", "[]", "[1,2]", "{\"a\":\"b c\"}", "%%",
                     "--json", "ps", "a\nb"}) {
    CAPTURE(text);
    auto opts = parsed({"send", "1@x", "--", text});
    CHECK(opts.text == text);
    CHECK_FALSE(opts.binary);
    CHECK_FALSE(opts.json);
  }
}

TEST_CASE("a call is a GET, or a POST with a body") {
  auto get = parsed({"call", "login"});
  CHECK(get.what == command::call);
  CHECK(get.subject == "login");
  CHECK(get.method == "GET");
  CHECK(get.path == "/");
  CHECK(get.headers.empty());
  auto json = parsed({"call", "login", R"({"user":"ann"})"});
  CHECK(json.method == "POST");
  CHECK(json.text == R"({"user":"ann"})");
  REQUIRE(json.headers.size() == 1);
  CHECK(json.headers[0]
        == std::pair<std::string, std::string>{"Content-Type",
                                               "application/json"});
  auto all =
      parsed({"call", "login", "--body", "x", "--method", "PUT", "--path",
              "/a?b=c", "--header", "A: 1", "--header", "B:  two "});
  CHECK(all.method == "PUT");
  CHECK(all.path == "/a?b=c");
  CHECK(all.text == "x");
  REQUIRE(all.headers.size() == 2);
  CHECK(all.headers[1] == std::pair<std::string, std::string>{"B", "two"});
}

TEST_CASE("a call comes from this machine, by HTTP, unless it says otherwise") {
  auto plain = parsed({"call", "login"});
  CHECK(plain.address == "127.0.0.1");
  CHECK(plain.scheme == "http");
  CHECK(plain.params.empty());
  CHECK_FALSE(plain.websocket);
  auto all =
      parsed({"call", "login", "--address", "192.0.2.1", "--scheme", "https",
              "--param", "room=7", "--param", "user=a=b", "--websocket"});
  CHECK(all.address == "192.0.2.1");
  CHECK(all.scheme == "https");
  REQUIRE(all.params.size() == 2);
  CHECK(all.params[0] == std::pair<std::string, std::string>{"room", "7"});
  CHECK(all.params[1] == std::pair<std::string, std::string>{"user", "a=b"});
  CHECK(all.websocket);
}

TEST_CASE("a content type that was given stays") {
  auto opts = parsed({"call", "x", "[]", "--header", "content-type: a/b"});
  REQUIRE(opts.headers.size() == 1);
  CHECK(opts.headers[0].second == "a/b");
}

TEST_CASE("what is wrong is refused with code 2") {
  CHECK(refused({}) != "");
  CHECK(refused({"nonsense"}) == "unknown command nonsense");
  CHECK(refused({"nonsense", "ps"}) != "");
  CHECK(refused({"--nonsense", "x"}) != "unknown command x");
  CHECK(refused({"ps", "extra"}) != "");
  for (auto* node : {"no port", "unix:x", "./x", "h:0", ":1", "unix:", ""})
    CHECK(refused({"ps", "--node", node}, false) != "");
  CHECK(refused({"ps", "--timeout", "5"}) != "");
  CHECK(refused({"ps", "--timeout", "0s"}) != "");
  CHECK(refused({"ps", "--tls-cert", "/dev/null"})
        == "--tls-cert, --tls-key and --tls-ca belong together (or "
           "WSRELAY_TLS_CERT, _KEY and _CA)");
  CHECK(refused({"ps", "--tls-ca", "/no such file"}) != "");
  CHECK(refused({"send", "1@x"}) == "send needs TEXT or --binary");
  CHECK(refused({"send", "1@x", "hi", "--binary", "/dev/null"}) != "");
  CHECK(refused({"send", "1@x", "--binary", "/no such file"}) != "");
  CHECK(refused({"close"}) != "");
  CHECK(refused({"transfer", "1@x"}) != "");
  CHECK(refused({"transfer", "1@x", ""}) != "");
  CHECK(refused({"close", ""}) != "");
  CHECK(refused({"drain", "--to", ""}) != "");
  CHECK(refused({"call", "x", "{"}) != "");
  CHECK(refused({"call", "x", "{}", "--body", "y"}) != "");
  CHECK(refused({"call", "x", "--header", "no colon"}) != "");
  CHECK(refused({"call", "x", "--header", "a: b\r\nc: d"}) != "");
  CHECK(refused({"call", "x", "--param", "no value"}) != "");
  CHECK(refused({"call", "x", "--param", "=7"}) != "");
  CHECK(refused({"call", "x", "--scheme", "ws"}) != "");
  CHECK(refused({"completion", "tcsh"}) != "");
}

TEST_CASE("a close code that may not be sent is refused") {
  for (auto* code :
       {"0", "999", "1004", "1005", "1006", "1015", "5000", "65536", "x"})
    CHECK(refused({"close", "1@x", code}) != "");
  for (auto* code : {"1000", "1001", "3000", "4999"})
    CHECK(refused({"close", "1@x", code}) == "");
  CHECK(refused({"close", "1@x", "1000", std::string(123, 'x')}) == "");
  CHECK(refused({"close", "1@x", "1000", std::string(124, 'x')}) != "");
}

TEST_CASE("a completion needs no node") {
  for (auto* shell : {"bash", "zsh", "fish"}) {
    auto result = parse({"completion", shell});
    REQUIRE(std::holds_alternative<options>(result));
    auto& script = std::get<options>(result).script;
    for (auto* word :
         {"ps", "targets", "peers", "send", "close", "transfer", "drain",
          "watch", "call", "completion", "payload", "timeout"})
      CHECK(script.find(word) != std::string::npos);
  }
}

TEST_CASE("help and version end with 0") {
  for (auto& args :
       {strings{"--help"}, strings{"--version"}, strings{"ps", "--help"}}) {
    auto result = parse(args);
    auto* exit = std::get_if<early_exit>(&result);
    REQUIRE(exit);
    CHECK(exit->code == exit_code::ok);
    CHECK(exit->text.ends_with('\n'));
  }
}

} // namespace wsrelay::cli::options_test
