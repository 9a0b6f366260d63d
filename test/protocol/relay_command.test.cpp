// The relay command, from text and from a struct.
#include "protocol/relay_command.hpp"

#include "protocol/duration.hpp"

#include <doctest/doctest.h>

namespace wsrelay::relay_command_test {

using namespace std::chrono_literals;

namespace {

const relay_command_limits limits;

result<relay_command> parse(std::string_view json) {
  return parse_relay_command(json, limits);
}

std::string with_metadata(const std::string& json) {
  return R"({"target_pid":"chat","metadata":)" + json + "}";
}

std::string nested(std::size_t levels) {
  std::string out;
  for (std::size_t i = 1; i < levels; ++i)
    out += "{\"a\":";
  return out + "{}" + std::string(levels - 1, '}');
}

// Metadata of exactly `size` bytes once compacted.
std::string sized(std::size_t size) {
  return "{\"a\":\"" + std::string(size - 8, 'x') + "\"}";
}

} // namespace

TEST_CASE("a command with every field gives every field") {
  auto command = parse(R"( { "target_pid" : "chat@app1",
    "message_topic": "chat.line", "heartbeat_interval": "1m30s",
    "metadata": { "user": "ann", "n": [ 1, 2.50 ] } } )");
  REQUIRE(command);
  CHECK(command->target_pid == "chat@app1");
  CHECK(command->message_topic == "chat.line");
  CHECK(command->heartbeat_interval == 90s);
  CHECK(command->metadata == R"({"user":"ann","n":[1,2.50]})");
}

TEST_CASE("a command needs its target only") {
  auto command = parse(R"({"target_pid":"chat"})");
  REQUIRE(command);
  CHECK(command->target_pid == "chat");
  CHECK(command->message_topic == "");
  CHECK_FALSE(command->heartbeat_interval);
  CHECK(command->metadata == "{}");
}

TEST_CASE("fields come in any order and may be escaped") {
  auto command = parse(R"({"metadata":{"a":1},"target\u005fpid":"caf\u00e9",)"
                       R"("message_topic":""})");
  REQUIRE(command);
  CHECK(command->target_pid == "caf\xC3\xA9");
  CHECK(command->metadata == R"({"a":1})");
}

TEST_CASE("a failure names the field") {
  struct failure_case {
    std::string json;
    std::string what;
  };
  for (const auto& each : {
           failure_case{R"({"target_pid":"wsrelay.a"})",
                        "target_pid: names that begin with wsrelay. are the "
                        "relay's own"},
           failure_case{"{}", "target_pid: missing"},
           failure_case{R"({"metadata":{}})", "target_pid: missing"},
           failure_case{R"({"target_pid":""})",
                        "target_pid: a name may not be empty"},
           failure_case{R"({"target_pid":1})", "target_pid: not a string"},
           failure_case{R"({"target_pid":null})", "target_pid: not a string"},
           failure_case{R"({"target_pid":{}})", "target_pid: not a string"},
           failure_case{R"({"target_pid":["a"]})", "target_pid: not a string"},
           failure_case{R"({"target_pid":"a","target_pid":"a"})",
                        "target_pid: stands twice"},
           failure_case{R"({"target_pid":"a","message_topic":true})",
                        "message_topic: not a string"},
           failure_case{
               R"({"target_pid":"a","message_topic":"","message_topic":)"
               R"(""})",
               "message_topic: stands twice"},
           failure_case{R"({"target_pid":"a","heartbeat_interval":30})",
                        "heartbeat_interval: not a string"},
           failure_case{
               R"({"target_pid":"a","heartbeat_interval":"0s"})",
               "heartbeat_interval: a duration must be more than zero"},
           failure_case{R"({"target_pid":"a","heartbeat_interval":"1s",)"
                        R"("heartbeat_interval":"1s"})",
                        "heartbeat_interval: stands twice"},
           failure_case{R"({"target_pid":"a","metadata":"{}"})",
                        "metadata: not an object"},
           failure_case{R"({"target_pid":"a","metadata":[]})",
                        "metadata: not an object"},
           failure_case{R"({"target_pid":"a","metadata":null})",
                        "metadata: not an object"},
           failure_case{R"({"target_pid":"a","metadata":1})",
                        "metadata: not an object"},
           failure_case{R"({"target_pid":"a","metadata":{},"metadata":{}})",
                        "metadata: stands twice"},
           failure_case{R"({"target_pid":"a","Metadata":{}})",
                        R"(unknown field "Metadata")"},
           failure_case{R"({"a\nb":1})", R"(unknown field "a\nb")"},
           failure_case{"{\"\x7f\":1}",
                        "unknown field, with control characters"},
           failure_case{"{\"\xc2\x9b\":1}",
                        "unknown field, with control characters"},
           failure_case{R"({"target_pid":"a","":1})", R"(unknown field "")"},
       }) {
    CAPTURE(each.json);
    auto command = parse(each.json);
    REQUIRE_FALSE(command);
    CHECK(command.error().what == each.what);
  }
}

TEST_CASE("an invalid target, topic or duration is a failure") {
  for (std::string json :
       {R"({"target_pid":"a@"})", R"({"target_pid":"@a"})",
        R"({"target_pid":"a\u0000b"})", R"({"target_pid":"a\n"})",
        R"({"target_pid":"\uDC00"})",
        R"({"target_pid":"a","message_topic":"ws.join"})",
        R"({"target_pid":"a","message_topic":"a\tb"})",
        R"({"target_pid":"a","heartbeat_interval":""})",
        R"({"target_pid":"a","heartbeat_interval":"30"})",
        R"({"target_pid":"a","heartbeat_interval":"-1s"})",
        R"({"target_pid":"a","heartbeat_interval":"9999h"})"}) {
    CAPTURE(json);
    CHECK_FALSE(parse(json));
  }
  CHECK(parse(R"({"target_pid":"a","message_topic":"ws.message"})"));
}

TEST_CASE("text that is no JSON object is a failure") {
  for (std::string json :
       {"",
        " ",
        "null",
        "1",
        "\"chat\"",
        "[]",
        R"(["target_pid"])",
        "chat",
        R"({"target_pid":"a"}x)",
        R"({"target_pid":"a"}{})",
        R"({"target_pid":"a"},)",
        R"({"target_pid":"a",})",
        R"({"target_pid" "a"})",
        R"({target_pid:"a"})",
        R"({'target_pid':'a'})",
        "{\"target_pid\":\"\xFF\"}",
        "{\"target_pid\":\"a\xC3\"}",
        "{\"\xFF\":1}",
        "{\"target_pid\":\"a\",\"metadata\":{\"a\":\"\xFF\"}}",
        "{\"target_pid\":\"a\",\"metadata\":{\"\xED\xA0\x80\":1}}"}) {
    CAPTURE(json);
    CHECK_FALSE(parse(json));
  }
  CHECK_FALSE(parse(std::string_view("{\"target_pid\":\"a\"}\0", 19)));
}

TEST_CASE("a command that is cut at any byte is a failure") {
  std::string whole =
      R"({"target_pid":"a","heartbeat_interval":"1s","metadata":{"a":[1]}})";
  REQUIRE(parse(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(parse(std::string_view(whole).substr(0, size)));
}

TEST_CASE("metadata keeps its members, their order and their digits") {
  auto command = parse(with_metadata(
      R"({ "target_pid" : 1, "z":12345678901234567890123, "a":0.10, "a":-0,)"
      R"( "deep": { "metadata": [ { } , [ ] ] } })"));
  REQUIRE(command);
  CHECK(command->target_pid == "chat");
  CHECK(command->metadata
        == R"({"target_pid":1,"z":12345678901234567890123,"a":0.10,"a":-0,)"
           R"("deep":{"metadata":[{},[]]}})");
}

TEST_CASE("metadata is limited in bytes as it is relayed") {
  relay_command_limits small{64};
  auto accepts = [&small](const std::string& json) {
    return static_cast<bool>(parse_relay_command(with_metadata(json), small));
  };
  CHECK(accepts(sized(63)));
  CHECK(accepts(sized(64)));
  CHECK_FALSE(accepts(sized(65)));
  // Spaces do not count, they are not relayed.
  CHECK(accepts("{" + std::string(1'000, ' ') + "}"));
  CHECK(parse(with_metadata(sized(16 * 1024))));
  CHECK_FALSE(parse(with_metadata(sized(16 * 1024 + 1))));
}

TEST_CASE("metadata is nested at most 64 levels deep") {
  CHECK(parse(with_metadata(nested(63))));
  CHECK(parse(with_metadata(nested(64))));
  auto deep = parse(with_metadata(nested(65)));
  REQUIRE_FALSE(deep);
  CHECK(deep.error().what == "metadata: nested more than 64 levels deep");
  CHECK_FALSE(parse(with_metadata("{\"a\":" + std::string(100'000, '['))));
  CHECK_FALSE(parse(with_metadata("{\"a\":" + std::string(64, '[')
                                  + std::string(64, ']') + "}")));
}

TEST_CASE("a command as a struct obeys the same rules") {
  relay_command command{"chat", "line", 30s, " { \"a\" : 1 } "};
  auto checked = check_relay_command(command, limits);
  REQUIRE(checked);
  CHECK(checked->metadata == R"({"a":1})");
  auto fails = [&command](auto change) {
    auto changed = command;
    change(changed);
    return !check_relay_command(changed, limits);
  };
  CHECK(fails([](auto& each) { each.target_pid = ""; }));
  CHECK(fails([](auto& each) { each.target_pid = "a@"; }));
  CHECK(fails([](auto& each) { each.message_topic = "ws.join"; }));
  CHECK(fails([](auto& each) { each.heartbeat_interval = 0ms; }));
  CHECK(fails([](auto& each) { each.heartbeat_interval = -1ms; }));
  CHECK(
      fails([](auto& each) { each.heartbeat_interval = max_duration + 1ms; }));
  CHECK(fails([](auto& each) { each.metadata = ""; }));
  CHECK(fails([](auto& each) { each.metadata = "[]"; }));
  CHECK(fails([](auto& each) { each.metadata = "{\"a\":\"\xFF\"}"; }));
  CHECK(fails([](auto& each) { each.metadata = sized(16 * 1024 + 1); }));
  CHECK_FALSE(fails([](auto& each) { each.heartbeat_interval = 1ms; }));
  CHECK_FALSE(
      fails([](auto& each) { each.heartbeat_interval = max_duration; }));
}

TEST_CASE("a handle may stand in the place of the target's text") {
  CHECK_FALSE(check_relay_command({}, limits));
  CHECK(check_relay_command({}, limits, true));
  CHECK(check_relay_command({"chat"}, limits, true));
  CHECK_FALSE(check_relay_command({"a@"}, limits, true));
}

TEST_CASE("a printed command leaves out what is at its default") {
  CHECK(to_json(relay_command{}) == "{}");
  CHECK(to_json(relay_command{"chat"}) == R"({"target_pid":"chat"})");
  CHECK(to_json({"chat", "line", 90s, R"({"a":1})"})
        == R"({"target_pid":"chat","message_topic":"line",)"
           R"("heartbeat_interval":"1m30s","metadata":{"a":1}})");
}

TEST_CASE("a printed command reads as the same command") {
  for (const auto& command :
       {relay_command{"chat"}, relay_command{"caf\xC3\xA9 \"x\"\\", "a\"b"},
        relay_command{"chat@app", "", 1'500ms},
        relay_command{"chat", "line", 24h, nested(64)}}) {
    auto read = parse(to_json(command));
    REQUIRE(read);
    CHECK(read->target_pid == command.target_pid);
    CHECK(read->message_topic == command.message_topic);
    CHECK(read->heartbeat_interval == command.heartbeat_interval);
    CHECK(read->metadata == command.metadata);
  }
}

TEST_CASE("a state is text of up to 4096 bytes") {
  auto parse = [](std::size_t size) {
    return parse_relay_command(
        R"({"target_pid":"a","state":")" + std::string(size, 'x') + "\"}", {});
  };
  REQUIRE(parse(4096));
  CHECK(parse(4096)->state.size() == 4096);
  REQUIRE(!parse(4097));
  CHECK(parse(4097).error().what == "state: more than 4096 bytes");
  CHECK(!parse_relay_command(R"({"target_pid":"a","state":1})", {}));
  relay_command command;
  command.target_pid = "a";
  command.state = "x\ty";
  auto again = parse_relay_command(to_json(command), {});
  REQUIRE(again);
  CHECK(again->state == "x\ty");
  command.state = "\xff";
  CHECK(!check_relay_command(command, {}));
}

} // namespace wsrelay::relay_command_test
