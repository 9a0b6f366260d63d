// The keys of an http.endpoint's relay.
#include "test/config/endpoint_text.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace wsrelay::read_relay_test {

using test::errors;
using test::with;
using test::with_relay;

namespace {

relay_command command(std::string_view lines) {
  auto config = test::config(with_relay(lines));
  REQUIRE(config.endpoints.size() == 1);
  return std::get<relay_handler>(config.endpoints[0].handler).command;
}

std::string metadata(std::string_view yaml) {
  return command("target_pid: t\n    metadata: " + std::string{yaml}).metadata;
}

} // namespace

TEST_CASE("relay is a fixed command") {
  auto relay = command("target_pid: chat@app1\n"
                       "    message_topic: chat.line\n"
                       "    heartbeat_interval: 30s\n"
                       "    metadata: {room: '{room}', n: 1}");
  CHECK(relay.target_pid == "chat@app1");
  CHECK(relay.message_topic == "chat.line");
  CHECK(relay.heartbeat_interval == std::chrono::seconds{30});
  CHECK(relay.metadata == R"({"room":"{room}","n":1})");
}

TEST_CASE("a field of the command that stands beside relay is told so") {
  CHECK(errors(with("target_pid: chat"))
        == "relay.yaml:3: e.func: is missing, must be one of func, upstream, "
           "relay and trusted_header\n"
           "relay.yaml:7: e.target_pid: unknown key, write relay: "
           "{target_pid: chat}");
  CHECK(errors(with("relay: {target_pid: chat}\n  metadata: {a: 1}"))
        == "relay.yaml:8: e.metadata: unknown key, write relay: "
           "{metadata: ...}");
}

TEST_CASE("a parameter in the state is one of the path") {
  CHECK(command("target_pid: t\n    state: 'at {room}'").state == "at {room}");
  CHECK(command("target_pid: t\n    state: '{\"a\": {}}'").state
        == "{\"a\": {}}");
  CHECK(errors(with_relay("target_pid: t\n    state: 'at {rom}'"))
        == "relay.yaml:9: e.relay.state: {rom} is no parameter of the path");
}

TEST_CASE("what metadata get of a request is listed") {
  auto config = test::config(
      with_relay("target_pid: a\n    headers: [Cookie, User-Agent]\n"
                 "    query: [name, 'a b']"));
  auto& relay = std::get<relay_handler>(config.endpoints[0].handler);
  CHECK(relay.headers == std::vector<std::string>{"Cookie", "User-Agent"});
  CHECK(relay.query == std::vector<std::string>{"name", "a b"});
  CHECK(command("target_pid: a").metadata == "{}");
}

TEST_CASE("what metadata get of a request has names of its own") {
  CHECK(errors(with_relay("target_pid: a\n    headers: ['a b', X-WS-Relay, A, "
                          "a, A]\n    query: ['', x, x]"))
        == "relay.yaml:9: e.relay.headers[0]: is no name that a request may "
           "tell\nrelay.yaml:9: e.relay.headers[1]: is no name that a request "
           "may tell\nrelay.yaml:9: e.relay.headers[4]: stands twice\n"
           "relay.yaml:10: e.relay.query[0]: is no name that a request may "
           "tell\nrelay.yaml:10: e.relay.query[2]: stands twice");
  CHECK(errors(with_relay("target_pid: a\n    headers: [A]\n"
                          "    metadata: {headers: 1, query: 2}"))
        == "relay.yaml:9: e.relay.headers: the metadata have headers already, "
           "or may get it");
  CHECK(errors(with_relay("target_pid: a\n    query: [A]\n"
                          "    metadata: {'{room}': 1}"))
            .find("or may get it")
        != std::string::npos);
  std::string many;
  for (auto i = 0; i < 33; ++i)
    many += (i ? ", n" : "n") + std::to_string(i);
  CHECK(errors(with_relay("target_pid: a\n    query: [" + many + "]"))
        == "relay.yaml:9: e.relay.query[32]: more than 32");
}

TEST_CASE("a relay's optional fields have defaults") {
  auto relay = command("target_pid: chat");
  CHECK(relay.message_topic == "");
  CHECK_FALSE(relay.heartbeat_interval);
  CHECK(relay.metadata == "{}");
  CHECK(command("target_pid: a\n    message_topic: ws.message").message_topic
        == "");
  CHECK_FALSE(
      command("target_pid: a\n    heartbeat_interval: off").heartbeat_interval);
}

TEST_CASE("each field of a relay is checked at its key") {
  CHECK(errors(with_relay("message_topic: a"))
        == "relay.yaml:7: e.relay.target_pid: is missing");
  CHECK(errors(with_relay("target_pid: '@b'"))
            .starts_with("relay.yaml:8: e.relay.target_pid: "));
  CHECK(errors(with_relay("target_pid: wsrelay.acceptor.gateway"))
        == "relay.yaml:8: e.relay.target_pid: names that begin with wsrelay. "
           "are the relay's own");
  auto text = errors(with_relay("target_pid: a\n"
                                "    message_topic: ws.join\n"
                                "    heartbeat_interval: 0s\n"
                                "    metadata: [a]"));
  CHECK(text.find("relay.yaml:9: e.relay.message_topic: ") == 0);
  CHECK(text.find("\nrelay.yaml:10: e.relay.heartbeat_interval: ")
        != std::string::npos);
  CHECK(text.ends_with(
      "\nrelay.yaml:11: e.relay.metadata: must be a map, not a list"));
  CHECK(errors(with_relay("target_pid: a\n    target: b"))
        == "relay.yaml:9: e.relay.target: unknown key, and target_pid is there "
           "already");
  CHECK(errors(with_relay("target: b"))
        == "relay.yaml:7: e.relay.target_pid: is missing\n"
           "relay.yaml:8: e.relay.target: unknown key, did you mean "
           "target_pid?");
  CHECK(errors(with("relay: chat"))
        == "relay.yaml:7: e.relay: must be a map, not text");
}

TEST_CASE("metadata has the size that the router's option allows") {
  auto load = [](std::size_t size) {
    return errors(
        "- {name: r, kind: http.router, meta: {server: gateway}, "
        "post_middleware: [websocket_relay], "
        "post_options: {wsrelay.max.metadata.size: 20}}\n"
        "- {name: e, kind: http.endpoint, meta: {router: r}, path: /,\n"
        "   relay: {target_pid: a, metadata: {k: \""
        + std::string(size - 8, 'x') + "\"}}}\n"); // {"k":""} is 8 bytes
  };
  CHECK(load(19) == "");
  CHECK(load(20) == "");
  CHECK(load(21) == "relay.yaml:3: e.relay.metadata: more than 20 bytes");
}

TEST_CASE("plain scalars of metadata become JSON by the core schema") {
  CHECK(metadata("{a: true, b: False, c: ~, d: null, e:}")
        == R"({"a":true,"b":false,"c":null,"d":null,"e":null})");
  CHECK(metadata("{a: 12, b: -7, c: +3, d: 007, e: 0, f: 0x1F, g: 0o17}")
        == R"({"a":12,"b":-7,"c":3,"d":7,"e":0,"f":31,"g":15})");
  CHECK(metadata("{a: 1.50, b: .5, c: 1., d: 1e3, e: -2.5E-3, f: 00.1}")
        == R"({"a":1.50,"b":0.5,"c":1.0,"d":1e3,"e":-2.5E-3,"f":0.1})");
  CHECK(metadata("{a: 12345678901234567890123, b: 0xFFFFFFFFFFFFFFFFF}")
        == R"({"a":12345678901234567890123,"b":"0xFFFFFFFFFFFFFFFFF"})");
  CHECK(metadata("{a: yes, b: 1_000, c: 1e, d: '-', e: 1.2.3, f: 0x}")
        == R"({"a":"yes","b":"1_000","c":"1e","d":"-","e":"1.2.3","f":"0x"})");
}

TEST_CASE("quoted scalars of metadata are strings") {
  CHECK(metadata(R"({a: "true", b: '12', c: "", d: "x\ty", e: !!str 5})")
        == R"({"a":"true","b":"12","c":"","d":"x\ty","e":"5"})");
  CHECK(
      command("target_pid: t\n    metadata:\n      a: |\n        12\n").metadata
      == R"({"a":"12\n"})");
}

TEST_CASE("metadata nests and keeps its order") {
  CHECK(metadata("{z: [1, [], {}, [a]], 5: {y: b}}")
        == R"({"z":[1,[],{},["a"]],"5":{"y":"b"}})");
}

TEST_CASE("what JSON has not is refused in metadata") {
  auto load = [](std::string yaml) {
    return errors(with_relay("target_pid: t\n    metadata:\n      " + yaml));
  };
  CHECK(load("a: [1, .inf]")
        == "relay.yaml:10: e.relay.metadata.a[1]: JSON has no such number");
  CHECK(load("a: -.INF")
        == "relay.yaml:10: e.relay.metadata.a: JSON has no such number");
  CHECK(load("a: .nan")
        == "relay.yaml:10: e.relay.metadata.a: JSON has no such number");
  CHECK(load("a: !thing x")
        == "relay.yaml:10: e.relay.metadata.a: tags are not supported");
  CHECK(load("a: 1\n      a: 2")
        == "relay.yaml:11: e.relay.metadata.a: the key is there twice");
  CHECK(load("{b: {? [c] : d}}")
        == "relay.yaml:10: e.relay.metadata.b.?: keys must be text");
}

TEST_CASE("parameters in a relay are those of the path") {
  CHECK(errors(with_relay("target_pid: chat-{room}\n"
                          "    metadata: {a: ['{room}']}"))
        == "");
  CHECK(
      errors(with_relay("target_pid: chat-{rom}\n"
                        "    metadata: {a: ['{room} {user}']}"))
      == "relay.yaml:8: e.relay.target_pid: {rom} is no parameter of the "
         "path\n"
         "relay.yaml:9: e.relay.metadata: {user} is no parameter of the path");
}

TEST_CASE("braces that hold no identifier are text") {
  CHECK(errors(with_relay("target_pid: t\n"
                          "    metadata: {a: '{}', b: '{a b}', c: '{', "
                          "d: {e: '}'}}"))
        == "");
}

} // namespace wsrelay::read_relay_test
