// The keys of an http.endpoint.
#include "test/config/endpoint_text.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

namespace wsrelay::read_endpoint_test {

using test::errors;
using test::routers;
using test::with;
using test::with_relay;

namespace {

/// An endpoint that has all but what `lines`, from line 5 on, say.
std::string plain(std::string_view lines) {
  return std::string{routers} + "- name: e\n  kind: http.endpoint\n"
         + std::string{lines};
}

template <class Handler>
Handler handler(std::string_view line) {
  auto config = test::config(with(line));
  REQUIRE(config.endpoints.size() == 1);
  REQUIRE(std::holds_alternative<Handler>(config.endpoints[0].handler));
  return std::get<Handler>(config.endpoints[0].handler);
}

/// A folder of its own with a configuration file's name in it.
struct folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / "wsrelay_endpoint_test";

  folder() { std::filesystem::create_directories(path); }
  ~folder() { std::filesystem::remove_all(path); }

  loaded_config load_secret(std::string_view content) {
    std::ofstream{path / "key", std::ios::binary} << content;
    return load_config(with("trusted_header: true\n  secret_file: key"),
                       (path / "relay.yaml").string());
  }
};

} // namespace

TEST_CASE("an endpoint's path begins with its router's prefix") {
  auto config = test::config(with("func: f"));
  REQUIRE(config.endpoints.size() == 1);
  const auto& endpoint = config.endpoints[0];
  CHECK(endpoint.path.text() == "/ws/a/{room}");
  CHECK(endpoint.method == "GET");
  CHECK(endpoint.router == "ws");
  CHECK(endpoint.where.line == 3);
}

TEST_CASE("an endpoint may stand before its router") {
  auto config = test::config(
      "- {name: e, kind: http.endpoint, meta: {router: r}, path: /x, func: f}\n"
      "- {name: r, kind: http.router, meta: {server: gateway}, prefix: /p}\n");
  REQUIRE(config.endpoints.size() == 1);
  CHECK(config.endpoints[0].path.text() == "/p/x");
}

TEST_CASE("an empty path is the prefix alone") {
  auto config =
      test::config(plain("  meta: {router: ws}\n  path: ''\n  func: f\n"));
  REQUIRE(config.endpoints.size() == 1);
  CHECK(config.endpoints[0].path.text() == "/ws");
}

TEST_CASE("a path without its slash is one error") {
  for (std::string router : {"ws", "none"}) {
    auto found =
        errors(std::string{test::routers}
               + "- name: e\n  kind: http.endpoint\n  meta: {router: " + router
               + "}\n  path: a/{room}\n"
                 "  relay: {target_pid: chat, metadata: {r: \"{room}\"}}\n");
    auto slash = std::string{"relay.yaml:6: e.path: must begin with /"};
    CHECK(found
          == (router == "ws" ? slash
                             : "relay.yaml:5: e.meta.router: no http.router "
                               "has the name none\n"
                                   + slash));
  }
  CHECK(errors(std::string{test::routers}
               + "- name: e\n  kind: http.endpoint\n  meta: {router: ws}\n"
                 "  path: /{\n  relay: {target_pid: \"{room}\"}\n")
            .find("target_pid")
        == std::string::npos);
}

TEST_CASE("an endpoint needs a path") {
  CHECK(errors(plain("  meta: {router: ws}\n  func: f\n"))
        == "relay.yaml:3: e.path: is missing");
  CHECK(errors(plain("  meta: {router: ws}\n  path: x\n  func: f\n"))
        == "relay.yaml:6: e.path: must begin with /");
  CHECK(errors(plain("  meta: {router: ws}\n  path: /a{b}\n  func: f\n"))
            .starts_with("relay.yaml:6: e.path: "));
  CHECK(errors(plain("  meta: {router: ws}\n  path: [a]\n  func: f\n"))
        == "relay.yaml:6: e.path: must be text, not a list");
}

TEST_CASE("an endpoint needs a router that exists") {
  CHECK(errors(plain("  path: /x\n  func: f\n"))
        == "relay.yaml:3: e.meta.router: is missing");
  CHECK(errors(plain("  meta: {router: none}\n  path: /x\n  func: f\n"))
        == "relay.yaml:5: e.meta.router: no http.router has the name none");
}

TEST_CASE("a method is a star or in upper case") {
  CHECK(errors(with("method: '*'\n  func: f")) == "");
  CHECK(errors(with("method: DELETE\n  func: f")) == "");
  CHECK(errors(with("method: get\n  func: f"))
        == "relay.yaml:7: e.method: must be * or in upper case, such as GET");
  CHECK(errors(with("method: ''\n  func: f"))
        == "relay.yaml:7: e.method: must be * or in upper case, such as GET");
}

TEST_CASE("an endpoint has exactly one handler") {
  CHECK(errors(with("method: GET"))
        == "relay.yaml:3: e.func: is missing, must be one of func, upstream, "
           "relay and trusted_header");
  CHECK(errors(with("func: f\n  upstream: http://h"))
        == "relay.yaml:8: e.upstream: func is there as well, must be one of "
           "func, upstream, relay and trusted_header");
}

TEST_CASE("a missing handler hides no other error") {
  CHECK(errors(plain("  meta: {router: none}\n  path: /x\n"))
        == "relay.yaml:3: e.func: is missing, must be one of func, upstream, "
           "relay and trusted_header\n"
           "relay.yaml:5: e.meta.router: no http.router has the name none");
}

TEST_CASE("a key of another handler is refused") {
  CHECK(errors(with("func: f\n  connect_timeout: 1s"))
        == "relay.yaml:8: e.connect_timeout: goes with upstream only");
  CHECK(errors(with("upstream: http://h\n  secret: x"))
        == "relay.yaml:8: e.secret: goes with trusted_header only");
  CHECK(errors(with("trusted_header: true\n  timeout: 1s"))
        == "relay.yaml:8: e.timeout: goes with func only");
  CHECK(errors(with("func: f\n  upsteam: http://h"))
        == "relay.yaml:8: e.upsteam: unknown key, did you mean upstream?");
}

TEST_CASE("a WebSocket is asked for with GET") {
  auto expected = [](std::string handler) {
    return "relay.yaml:7: e.method: must be GET or * with " + handler
           + ": a WebSocket is asked for with GET";
  };
  for (std::string method : {"GET", "'*'", "POST", "HEAD"}) {
    auto start = "method: " + method + "\n  ";
    auto good = method == "GET" || method == "'*'";
    CHECK(errors(with(start + "relay: {target_pid: t}"))
          == (good ? "" : expected("relay")));
    CHECK(errors(with(start + "trusted_header: true"))
          == (good ? "" : expected("trusted_header")));
    CHECK(errors(with(start + "upstream: http://h")) == "");
  }
}

TEST_CASE("func names a handler actor") {
  auto func = handler<func_handler>("func: auth@app1\n  timeout: 2s");
  CHECK(func.name == "auth@app1");
  CHECK(func.timeout == std::chrono::seconds{2});
  CHECK(handler<func_handler>("func: f").timeout == std::chrono::seconds{10});
  CHECK(errors(with("func: ''")).starts_with("relay.yaml:7: e.func: "));
  CHECK(errors(with("func: f\n  timeout: 0s"))
            .starts_with("relay.yaml:8: e.timeout: "));
  auto pid = "7@" + std::string(40, 'A') + "#12";
  CHECK(errors(with("func: " + pid))
        == "relay.yaml:7: e.func: must be a name, not a PID");
  for (std::string own : {"wsrelay.directory", "wsrelay.directory@app1"}) {
    auto target = errors(with_relay("target_pid: " + own));
    auto text = target.substr(target.rfind("target_pid: ") + 12);
    CHECK(errors(with("func: " + own)) == "relay.yaml:7: e.func: " + text);
  }
}

TEST_CASE("a relay needs a router with websocket_relay") {
  auto load = [](std::string handler) {
    return errors(plain("  meta: {router: api}\n  path: /x\n  " + handler));
  };
  CHECK(load("relay: {target_pid: a}")
        == "relay.yaml:7: e.relay: router api lacks websocket_relay in "
           "post_middleware");
  CHECK(load("trusted_header: true")
        == "relay.yaml:7: e.trusted_header: router api lacks websocket_relay "
           "in post_middleware");
  CHECK(load("func: f") == "");
  CHECK(load("upstream: http://h") == "");
}

TEST_CASE("trusted_header takes a secret or none") {
  CHECK(handler<trusted_header_handler>("trusted_header: true").secret == "");
  CHECK(handler<trusted_header_handler>("trusted_header: true\n  secret: s3")
            .secret
        == "s3");
  CHECK(errors(with("trusted_header: true\n  secret: ''"))
        == "relay.yaml:8: e.secret: must not be empty");
  CHECK(errors(with("trusted_header: false"))
        == "relay.yaml:7: e.trusted_header: must be true, or left out");
  CHECK(errors(with("trusted_header: maybe"))
        == "relay.yaml:7: e.trusted_header: must be true or false, not maybe");
  CHECK(errors(with("trusted_header: true\n  secret: a\n  secret_file: b"))
        == "relay.yaml:9: e.secret_file: secret is there as well");
}

TEST_CASE("a secret file is looked up beside the configuration") {
  folder here;
  auto loaded = here.load_secret("s3cret\r\n");
  CHECK(test::lines(loaded.errors) == "");
  REQUIRE(loaded.config.endpoints.size() == 1);
  auto handler =
      std::get<trusted_header_handler>(loaded.config.endpoints[0].handler);
  CHECK(handler.secret == "s3cret");
  CHECK(handler.secret_file == (here.path / "key").string());
}

TEST_CASE("a secret file has at most 4096 bytes and is not empty") {
  folder here;
  auto start = (here.path / "relay.yaml").string() + ":8: e.secret_file: ";
  auto load = [&here](std::string_view content) {
    return test::lines(here.load_secret(content).errors);
  };
  CHECK(load(std::string(4095, 's')) == "");
  CHECK(load(std::string(4096, 's')) == "");
  CHECK(load(std::string(4097, 's')) == start + "larger than 4096 bytes");
  CHECK(load("\n") == start + "the file is empty");
}

TEST_CASE("an unreadable secret file is an error") {
  CHECK(errors(with("trusted_header: true\n  secret_file: /nowhere/key"))
        == "relay.yaml:8: e.secret_file: cannot be read: No such file or "
           "directory: /nowhere/key");
  CHECK(errors(with("trusted_header: true\n  secret_file: /tmp"))
        == "relay.yaml:8: e.secret_file: cannot be read: Is a directory: /tmp");
}

TEST_CASE("two endpoints of one method and shape are in conflict") {
  auto second = [](std::string_view lines) {
    return errors(with("func: f")
                  + "- name: g\n  kind: http.endpoint\n  func: g\n"
                  + std::string{lines});
  };
  CHECK(
      second("  meta: {router: ws}\n  path: /a/{name}\n")
      == "relay.yaml:12: g.path: the same method and path as e (relay.yaml:3)");
  CHECK(
      second("  meta: {router: ws}\n  path: /%61/{name}\n")
      == "relay.yaml:12: g.path: the same method and path as e (relay.yaml:3)");
  CHECK(second("  meta: {router: ws}\n  path: /b/{name}\n") == "");
  CHECK(second("  meta: {router: ws}\n  path: /a/b\n") == "");
  CHECK(second("  meta: {router: api}\n  path: /a/{room}\n") == "");
  CHECK(second("  meta: {router: ws}\n  path: /a/{room}\n  method: PUT\n")
        == "");
  CHECK(second("  meta: {router: ws}\n  path: /a/{room}\n  method: '*'\n")
        == "");
}

TEST_CASE("routers of one service share its paths, of two do not") {
  auto load = [](std::string_view server) {
    return errors(
        "- {name: a, kind: http.service, addr: ':0'}\n"
        "- {name: b, kind: http.service, addr: ':0'}\n"
        "- {name: r, kind: http.router, meta: {server: a}}\n"
        "- {name: s, kind: http.router, meta: {server: "
        + std::string{server}
        + "}}\n"
          "- {name: e, kind: http.endpoint, meta: {router: r}, path: /, func: "
          "f}\n"
          "- {name: g, kind: http.endpoint, meta: {router: s}, path: /, func: "
          "f}\n");
  };
  CHECK(load("b") == "");
  CHECK(
      load("a")
      == "relay.yaml:6: g.path: the same method and path as e (relay.yaml:5)");
}

} // namespace wsrelay::read_endpoint_test
