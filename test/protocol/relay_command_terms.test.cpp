// What a relay command says of a session: its subprotocol and its end.
#include "protocol/relay_command.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

namespace wsrelay::relay_command_terms_test {

using std::chrono::milliseconds;

namespace {

result<relay_command> parse(std::string_view json) {
  return parse_relay_command(json, {});
}

/// The `expires_at` of JSON text in milliseconds, or the failure.
std::string time(const std::string& json) {
  auto command = parse(R"({"target_pid":"a","expires_at":)" + json + "}");
  if (!command)
    return "! " + command.error().what;
  return command->expires_at ? std::to_string(command->expires_at->count())
                             : "none";
}

/// The `subprotocol` of JSON text, or the failure.
std::string subprotocol(const std::string& json) {
  auto command = parse(R"({"target_pid":"a","subprotocol":)" + json + "}");
  return command ? command->subprotocol : "! " + command.error().what;
}

relay_command with_time(milliseconds value) {
  relay_command result{"a"};
  result.expires_at = value;
  return result;
}

relay_command with_subprotocol(std::string value) {
  relay_command result{"a"};
  result.subprotocol = std::move(value);
  return result;
}

std::string check(relay_command command) {
  auto checked = check_relay_command(std::move(command), {});
  return checked ? "" : checked.error().what;
}

constexpr std::string_view no_time =
    "! expires_at: not a time in seconds since 1970";
constexpr std::string_view no_number = "! expires_at: not a number";
constexpr std::string_view out_of_range = "expires_at: out of range";

} // namespace

// -- expires_at ---------------------------------------------------------------

TEST_CASE("a command without terms has none") {
  auto command = parse(R"({"target_pid":"a"})");
  REQUIRE(command);
  CHECK_FALSE(command->expires_at);
  CHECK(command->subprotocol == "");
}

TEST_CASE("expires_at is a number of seconds since 1970") {
  CHECK(time("1") == "1000");
  CHECK(time("1700000000") == "1700000000000");
  CHECK(time(" 1700000000 ") == "1700000000000");
}

TEST_CASE("of a fraction three digits count") {
  CHECK(time("1.5") == "1500");
  CHECK(time("1.05") == "1050");
  CHECK(time("1.567999") == "1567");
  CHECK(time("1.0") == "1000");
  CHECK(time("1.000") == "1000");
  CHECK(time("0.001") == "1");
  CHECK(time("1700000000.123") == "1700000000123");
  CHECK(time("1." + std::string(10'000, '9')) == "1999");
}

TEST_CASE("an exponent is refused") {
  for (auto text : {"1e3", "1E3", "1e+3", "1e0", "1e-3", "1.5e3", "1.567E2",
                    "1.5678e2", "0e0"}) {
    CAPTURE(text);
    CHECK(time(text) == no_time);
  }
  CHECK(time("1e400").starts_with("! "));
}

TEST_CASE("a time before 1970, and its beginning, are refused") {
  CHECK(time("-1") == no_time);
  CHECK(time("-0") == no_time);
  CHECK(time("-0.5") == no_time);
  CHECK(time("-1700000000.5") == no_time);
  CHECK(time("0") == "! expires_at: out of range");
  CHECK(time("0.0") == "! expires_at: out of range");
  CHECK(time("0.0009") == "! expires_at: out of range");
}

TEST_CASE("a time is at most the end of the year 9999") {
  CHECK(time("253402300799") == "253402300799000");
  CHECK(time("253402300799.998") == "253402300799998");
  CHECK(time("253402300799.999") == "253402300799999");
  CHECK(time("253402300799.9999") == "253402300799999");
  CHECK(time("253402300800") == no_time);
  CHECK(time("253402300800.000") == no_time);
  CHECK(time("18446744073709551615") == no_time);
  CHECK(time("18446744073709551616") == no_time);
  CHECK(time("18446744073709553") == no_time); // wraps as milliseconds
  CHECK(time(std::string(300, '9')) == no_time);
  CHECK(time(std::string(10'000, '9')).starts_with("! "));
}

TEST_CASE("an expires_at that is no number is refused") {
  for (auto text : {R"("1700000000")", R"("")", "null", "true", "false", "{}",
                    R"({"a":1})", "[]", "[1]"}) {
    CAPTURE(text);
    CHECK(time(text) == no_number);
  }
}

TEST_CASE("an expires_at that is no JSON is refused") {
  for (auto text : {"1.", ".5", "+1", "01", "1.5.5", "0x10", "1_000", "NaN",
                    "Infinity", "1 2", "--1", ""}) {
    CAPTURE(text);
    CHECK(time(text).starts_with("! not valid JSON"));
  }
}

TEST_CASE("an expires_at that stands twice is refused") {
  CHECK(time(R"(1,"expires_at":1)") == "! expires_at: stands twice");
  CHECK(time(R"(1,"metadata":{"expires_at":-1e9})") == "1000");
}

TEST_CASE("another field is not made a number by expires_at") {
  CHECK(time(R"(1,"message_topic":5)") == "! message_topic: not a string");
  CHECK(time(R"(1,"heartbeat_interval":5)")
        == "! heartbeat_interval: not a string");
  CHECK(time(R"(1,"metadata":5)") == "! metadata: not an object");
  CHECK(parse("5").error().what == "not a JSON object");
}

TEST_CASE("the expires_at of a struct has the same limits") {
  CHECK(check(with_time(milliseconds{-1})) == out_of_range);
  CHECK(check(with_time(milliseconds{0})) == out_of_range);
  CHECK(check(with_time(milliseconds{1})) == "");
  CHECK(check(with_time(max_expires_at - milliseconds{1})) == "");
  CHECK(check(with_time(max_expires_at)) == "");
  CHECK(check(with_time(max_expires_at + milliseconds{1})) == out_of_range);
  CHECK(check(with_time(milliseconds::min())) == out_of_range);
  CHECK(check(with_time(milliseconds::max())) == out_of_range);
}

// -- subprotocol --------------------------------------------------------------

TEST_CASE("a subprotocol is a token") {
  CHECK(subprotocol(R"("mqtt")") == "mqtt");
  CHECK(subprotocol(R"("graphql-transport-ws")") == "graphql-transport-ws");
  CHECK(subprotocol(R"("v2\u002echat")") == "v2.chat");
  for (auto text : {R"("a b")", R"("a,b")", R"(" a")", R"("a\r\nb")",
                    R"("a\u0000")", R"("caf\u00e9")", R"("\"a\"")"}) {
    CAPTURE(text);
    CHECK(subprotocol(text) == "! subprotocol: not a token");
  }
}

TEST_CASE("an empty subprotocol leaves the choice to the route") {
  CHECK(subprotocol(R"("")") == "");
}

TEST_CASE("a subprotocol that is no string is refused") {
  for (auto text : {"1", "null", "true", "{}", "[]", R"(["mqtt"])"}) {
    CAPTURE(text);
    CHECK(subprotocol(text) == "! subprotocol: not a string");
  }
}

TEST_CASE("a subprotocol that stands twice is refused") {
  CHECK(subprotocol(R"("a","subprotocol":"a")")
        == "! subprotocol: stands twice");
}

TEST_CASE("the subprotocol of a struct obeys the same rules") {
  CHECK(check(with_subprotocol("")) == "");
  CHECK(check(with_subprotocol("mqtt")) == "");
  CHECK(check(with_subprotocol("a b")) == "subprotocol: not a token");
  CHECK(check(with_subprotocol("a\n")) == "subprotocol: not a token");
  CHECK(check(with_subprotocol("\xFF")) == "subprotocol: not a token");
}

// -- and back -----------------------------------------------------------------

TEST_CASE("terms at their default are not printed") {
  CHECK(to_json(relay_command{"a"}) == R"({"target_pid":"a"})");
  CHECK(to_json(with_subprotocol("mqtt"))
        == R"({"target_pid":"a","subprotocol":"mqtt"})");
}

TEST_CASE("a time is printed with its milliseconds") {
  CHECK(to_json(with_time(milliseconds{1'500}))
        == R"({"target_pid":"a","expires_at":1.500})");
  CHECK(to_json(with_time(milliseconds{7}))
        == R"({"target_pid":"a","expires_at":0.007})");
}

TEST_CASE("printed terms read as the same terms") {
  for (auto time :
       {milliseconds{1}, milliseconds{999}, milliseconds{1'000},
        milliseconds{1'050}, milliseconds{1'700'000'000'123}, max_expires_at}) {
    relay_command command{"a", "line", milliseconds{30'000}, R"({"b":1})"};
    command.subprotocol = "v2.chat";
    command.expires_at = time;
    auto read = parse(to_json(command));
    REQUIRE(read);
    CHECK(read->expires_at == time);
    CHECK(read->subprotocol == "v2.chat");
    CHECK(read->metadata == command.metadata);
    CHECK(to_json(*read) == to_json(command));
  }
}

TEST_CASE("terms alone are no command") {
  CHECK(parse(R"({"subprotocol":"mqtt","expires_at":1})").error().what
        == "target_pid: missing");
}

} // namespace wsrelay::relay_command_terms_test
