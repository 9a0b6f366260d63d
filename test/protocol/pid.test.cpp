// How a target is written.
#include "protocol/pid.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::pid_test {

using form = target_name::form;

namespace {

const std::string hash = "0123456789abcdefABCDEF0123456789ABCDEF01";
const std::string node = hash + "#4711";

} // namespace

TEST_CASE("a decimal id at a CAF node is a PID") {
  for (auto [id, value] : {std::pair<std::string, std::uint64_t>{"1", 1},
                           {"12", 12},
                           {"18446744073709551615", 18446744073709551615u}}) {
    auto target = parse_target(id + "@" + node);
    REQUIRE(target);
    CHECK(target->kind == form::pid);
    CHECK(target->id == value);
    CHECK(target->node == node);
    CHECK(target->name.empty());
  }
}

TEST_CASE("a PID with id 0 or more than 64 bits is a failure") {
  for (std::string id :
       {"0", "000", "18446744073709551616", "99999999999999999999999999"}) {
    CAPTURE(id);
    CHECK_FALSE(parse_target(id + "@" + node));
  }
}

TEST_CASE("text without @ is a name") {
  for (std::string text : {"chat", "12", "a b", "caf\xC3\xA9", "x#1"}) {
    auto target = parse_target(text);
    REQUIRE(target);
    CHECK(target->kind == form::name);
    CHECK(target->name == text);
    CHECK(target->node.empty());
  }
}

TEST_CASE("text after the last @ that is no CAF node is a peer") {
  struct peer_case {
    std::string name;
    std::string node;
  };
  for (const auto& each : {
           peer_case{"chat", "app1"},
           peer_case{"12", "app1"},
           peer_case{"a@b", "c"},
           peer_case{"chat", node},
           peer_case{"-1", node},
           peer_case{"12", hash},
           peer_case{"12", hash + "#"},
           peer_case{"12", hash + "#x"},
           peer_case{"12", hash + "#4294967296"},
           peer_case{"12", hash.substr(1) + "#1"},
           peer_case{"12", hash + "0#1"},
           peer_case{"12", std::string{"g"} + hash.substr(1) + "#1"},
       }) {
    CAPTURE(each.name);
    CAPTURE(each.node);
    auto target = parse_target(each.name + "@" + each.node);
    REQUIRE(target);
    CHECK(target->kind == form::at_peer);
    CHECK(target->name == each.name);
    CHECK(target->node == each.node);
  }
}

TEST_CASE("a target with an empty part, bad UTF-8 or controls is a failure") {
  for (std::string text : {"", "@", "a@", "@a", "a@b@", "\xFF", "a@\xFF",
                           "a\nb", "a\x7F", "\xC2\x85", "a\tb"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_target(text));
  }
  CHECK_FALSE(parse_target(std::string_view("a\0b", 3)));
}

TEST_CASE("a target has at most 256 bytes") {
  CHECK(parse_target(std::string(255, 'a')));
  CHECK(parse_target(std::string(256, 'a')));
  CHECK_FALSE(parse_target(std::string(257, 'a')));
  CHECK(parse_target(std::string(254, 'a') + "@b"));
  CHECK_FALSE(parse_target(std::string(255, 'a') + "@b"));
}

TEST_CASE("a name to register has no @") {
  CHECK(check_name("chat"));
  CHECK(check_name("caf\xC3\xA9"));
  CHECK(check_name(std::string(256, 'a')));
  CHECK_FALSE(check_name(std::string(257, 'a')));
  for (std::string text : {"", "@", "a@b", "a\n", "\xFF"})
    CHECK_FALSE(check_name(text));
}

TEST_CASE("a command names no actor of the relay itself") {
  for (auto text : {"wsrelay.acceptor.gateway", "wsrelay.", "wsrelay.x@app1"}) {
    CAPTURE(text);
    auto refused = check_relay_target(text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what
          == "names that begin with wsrelay. are the relay's own");
  }
  for (auto text : {"wsrelay", "wsrelayx", "Wsrelay.x", "x.wsrelay.y", "chat"})
    CHECK(check_relay_target(text));
  CHECK_FALSE(check_relay_target(""));
  CHECK_FALSE(check_relay_target("@a"));
}

TEST_CASE("a target takes the values of parameters") {
  path_params params{{"room", "r1"}, {"user", "ann"}};
  auto expand = [&params](std::string_view text) {
    return *expand_target(text, params);
  };
  CHECK(expand("chat") == "chat");
  CHECK(expand("chat-{room}") == "chat-r1");
  CHECK(expand("{room}.{user}@app1") == "r1.ann@app1");
  CHECK(expand("chat@{room}") == "chat@r1");
}

TEST_CASE("a value reaches no other node and no actor of the relay") {
  auto fails = [](std::string_view text, std::string value) {
    return !expand_target(text, {{"x", std::move(value)}, {"y", "a@b"}});
  };
  CHECK(fails("{x}", "chat@app1"));
  CHECK(fails("{x}", "@"));
  CHECK(fails("{x}@app1", "a@b"));
  CHECK(fails("chat@{x}", "a@b"));
  CHECK(fails("{x}", "wsrelay.acceptor.gateway"));
  CHECK(fails("wsrelay{x}", ".acceptor.gateway"));
  CHECK(fails("{x}.acceptor", "wsrelay"));
  CHECK(fails("{x}@app1", "wsrelay.directory"));
  auto node = std::string(40, 'A') + "#1";
  CHECK(fails("{x}@" + node, "7"));
  CHECK(fails("7@{x}", node));
  CHECK(expand_target("7@" + node, {{"x", "1"}}));
  // A parameter that the target does not hold may be anything.
  CHECK_FALSE(fails("{x}", "room"));
  CHECK_FALSE(fails("{x}", "wsrelay"));
}

TEST_CASE("a target with its values is a name of at most 256 bytes") {
  auto expand = [](std::size_t size) {
    return expand_target("{x}", {{"x", std::string(size, 'a')}});
  };
  CHECK(expand(255));
  CHECK(expand(256));
  CHECK_FALSE(expand(257));
  CHECK_FALSE(expand(0));
}

} // namespace wsrelay::pid_test
