// What a relay command says of other connections: its key, and how many.
#include "protocol/relay_command.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay::relay_command_limit_test {

namespace {

result<relay_command> parse(std::string_view json) {
  return parse_relay_command(json, {});
}

/// The `limit_max` of JSON text, beside a key, or the failure.
std::string max(const std::string& json) {
  auto command =
      parse(R"({"target_pid":"a","limit_key":"k","limit_max":)" + json + "}");
  return command ? std::to_string(command->limit_max)
                 : "! " + command.error().what;
}

/// The `limit_key` of JSON text, or the failure.
std::string key(const std::string& json) {
  auto command = parse(R"({"target_pid":"a","limit_key":)" + json + "}");
  return command ? command->limit_key : "! " + command.error().what;
}

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i)
    result += text;
  return result;
}

relay_command with_limit(std::string limit_key, std::uint32_t limit_max = 0) {
  relay_command result{"a"};
  result.limit_key = std::move(limit_key);
  result.limit_max = limit_max;
  return result;
}

std::string check(relay_command command) {
  auto checked = check_relay_command(std::move(command), {});
  return checked ? "" : checked.error().what;
}

constexpr std::string_view e_acute = "\xC3\xA9"; // two bytes

constexpr std::string_view out_of_range =
    "limit_max: not a number from 1 to 10000";
constexpr std::string_view too_long = "limit_key: more than 256 bytes";
constexpr std::string_view not_plain =
    "limit_key: not UTF-8 without control characters";

} // namespace

// -- limit_max ----------------------------------------------------------------

TEST_CASE("a command without a limit has none") {
  auto command = parse(R"({"target_pid":"a"})");
  REQUIRE(command);
  CHECK(command->limit_key == "");
  CHECK(command->limit_max == 0);
}

TEST_CASE("a key without a number is one of a number that is not told") {
  auto command = parse(R"({"target_pid":"a","limit_key":"ann"})");
  REQUIRE(command);
  CHECK(command->limit_key == "ann");
  CHECK(command->limit_max == 0);
}

TEST_CASE("limit_max is a number from 1 to 10000") {
  const auto refused = "! " + std::string{out_of_range};
  CHECK(max("0") == refused);
  CHECK(max("1") == "1");
  CHECK(max("2") == "2");
  CHECK(max(" 5 ") == "5");
  CHECK(max("9999") == "9999");
  CHECK(max("10000") == "10000");
  CHECK(max("10001") == refused);
  CHECK(max("4294967296") == refused); // 0 in 32 bits
  CHECK(max("4294967297") == refused); // and 1
  CHECK(max("18446744073709551615") == refused);
  CHECK(max("18446744073709551617") == refused);
  CHECK(max(std::string(10'000, '9')).starts_with("! "));
}

TEST_CASE("a limit_max is whole, and not negative") {
  for (auto text :
       {"-1", "-0", "-10000", "1.5", "1.0", "0.5", "1e0", "1E3", "1e-3"}) {
    CAPTURE(text);
    CHECK(max(text) == "! " + std::string{out_of_range});
  }
}

TEST_CASE("a limit_max that is no number is refused") {
  for (auto text :
       {R"("1")", R"("")", "null", "true", "false", "{}", "[]", "[1]"}) {
    CAPTURE(text);
    CHECK(max(text) == "! limit_max: not a number");
  }
}

TEST_CASE("a limit_max that is no JSON is refused") {
  for (auto text : {"1.", ".5", "+1", "01", "0x10", "1_000", "NaN", "Infinity",
                    "1 2", "--1", ""}) {
    CAPTURE(text);
    CHECK(max(text).starts_with("! "));
  }
}

TEST_CASE("the limit_max of a struct has the same bounds, and 0 for none") {
  CHECK(check(with_limit("k", 0)) == "");
  CHECK(check(with_limit("k", 1)) == "");
  CHECK(check(with_limit("k", max_limit_max - 1)) == "");
  CHECK(check(with_limit("k", max_limit_max)) == "");
  CHECK(check(with_limit("k", max_limit_max + 1)) == out_of_range);
  CHECK(check(with_limit("k", UINT32_MAX)) == out_of_range);
}

TEST_CASE("a limit_max needs a key") {
  constexpr std::string_view missing = "limit_max: without a limit_key";
  CHECK(parse(R"({"target_pid":"a","limit_max":1})").error().what == missing);
  CHECK(parse(R"({"target_pid":"a","limit_key":"","limit_max":1})").error().what
        == missing);
  CHECK(check(with_limit("", 1)) == missing);
  CHECK(check(with_limit("", 0)) == "");
}

// -- limit_key ----------------------------------------------------------------

TEST_CASE("a limit_key is any text") {
  CHECK(key(R"("ann")") == "ann");
  CHECK(key(R"(" ann, \"x\" {id} / \\ ")") == R"( ann, "x" {id} / \ )");
  CHECK(key(R"("caf\u00e9")") == "caf\xC3\xA9");
  CHECK(key("\"caf\xC3\xA9\"") == "caf\xC3\xA9");
  CHECK(key(R"("\ud83d\ude00")") == "\xF0\x9F\x98\x80");
}

TEST_CASE("an empty limit_key is none") {
  CHECK(key(R"("")") == "");
}

TEST_CASE("a limit_key has at most 256 bytes, whatever they spell") {
  for (std::size_t size : {1, 255, 256})
    CHECK(key(quoted(std::string(size, 'k'))) == std::string(size, 'k'));
  CHECK(key(quoted(std::string(257, 'k'))) == "! " + std::string{too_long});
  auto longest = repeated(e_acute, 128);
  CHECK(key(quoted(longest)) == longest);
  CHECK(key(quoted(longest + "k")) == "! " + std::string{too_long});
  CHECK(key(quoted(repeated(R"(\u00e9)", 128))) == longest);
  CHECK(key(quoted(repeated(R"(\u00e9)", 129)))
        == "! " + std::string{too_long});
  CHECK(key(quoted(repeated(R"(\u006b)", 256))) == std::string(256, 'k'));
}

TEST_CASE("a limit_key has no control characters") {
  for (auto text : {R"("\u0000")", R"("a\u0000b")", R"("a\nb")", R"("\t")",
                    R"("\u001f")", R"("\u007f")", "\"\x7F\"", R"("\u0080")",
                    R"("\u009f")", "\"\xC2\x85\""}) {
    CAPTURE(text);
    CHECK(key(text) == "! " + std::string{not_plain});
  }
  CHECK(key(R"("\u0020")") == " ");
  CHECK(key(R"("\u007e")") == "~");
  CHECK(key(R"("\u00a0")") == "\xC2\xA0");
}

TEST_CASE("a limit_key with bare control characters is no JSON") {
  for (std::string text : {"a\nb", "\t", "\x1F", "\x01"}) {
    CAPTURE(text);
    CHECK(key(quoted(text)).starts_with("! not valid JSON"));
  }
  CHECK(key(quoted(std::string(1, '\0'))).starts_with("! not valid JSON"));
}

TEST_CASE("a limit_key that is no UTF-8 is refused") {
  for (auto text : {"\xFF", "\xC3", "a\x80", "\xC0\xAF", "\xED\xA0\x80",
                    "\xF4\x90\x80\x80"}) {
    CAPTURE(quoted(text).size());
    CHECK(key(quoted(text)).starts_with("! not valid JSON"));
    CHECK(check(with_limit(text)) == not_plain);
  }
  CHECK(key(R"("\ud83d")").starts_with("! ")); // half of a pair
}

TEST_CASE("a limit_key that is no string is refused") {
  for (auto text : {"1", "1.5", "null", "true", "{}", "[]", R"(["k"])"}) {
    CAPTURE(text);
    CHECK(key(text) == "! limit_key: not a string");
  }
}

TEST_CASE("the limit_key of a struct obeys the same rules") {
  CHECK(check(with_limit("ann")) == "");
  CHECK(check(with_limit(std::string(max_limit_key, 'k'))) == "");
  CHECK(check(with_limit(std::string(max_limit_key + 1, 'k'))) == too_long);
  CHECK(check(with_limit(std::string(1'000'000, '\xFF'))) == too_long);
  CHECK(check(with_limit("a\n")) == not_plain);
  CHECK(check(with_limit(std::string(1, '\0'))) == not_plain);
  CHECK(check(with_limit("\x7F")) == not_plain);
  CHECK(check(with_limit("\xC2\x80")) == not_plain);
  CHECK(check(with_limit("\xC2\x9F")) == not_plain);
  CHECK(check(with_limit("\xC2\xA0")) == "");
}

// -- both ---------------------------------------------------------------------

TEST_CASE("what stands twice is refused") {
  CHECK(max(R"(1,"limit_max":1)") == "! limit_max: stands twice");
  CHECK(max(R"(1,"limit_key":"k")") == "! limit_key: stands twice");
  CHECK(key(R"("k","limit_key":"")") == "! limit_key: stands twice");
  CHECK(key(R"("k","limit\u005fkey":"k")") == "! limit_key: stands twice");
}

TEST_CASE("what stands in the metadata is another thing") {
  auto command =
      parse(R"({"target_pid":"a","metadata":{"limit_key":1,"limit_max":"x"},)"
            R"("limit_max":3,"limit_key":"k"})");
  REQUIRE(command);
  CHECK(command->limit_key == "k");
  CHECK(command->limit_max == 3);
  CHECK(command->metadata == R"({"limit_key":1,"limit_max":"x"})");
}

TEST_CASE("another field is not made a number by limit_max") {
  CHECK(max(R"(1,"message_topic":5)") == "! message_topic: not a string");
  CHECK(max(R"(1,"metadata":5)") == "! metadata: not an object");
  CHECK(max(R"(1,"expires_at":"5")") == "! expires_at: not a number");
  CHECK(max(R"(1,"expires_at":1.5)") == "1"); // which has a fraction
}

TEST_CASE("a limit alone is no command") {
  CHECK(parse(R"({"limit_key":"k","limit_max":1})").error().what
        == "target_pid: missing");
}

// -- and back -----------------------------------------------------------------

TEST_CASE("a limit at its default is not printed") {
  CHECK(to_json(with_limit("")) == R"({"target_pid":"a"})");
  CHECK(to_json(with_limit("ann"))
        == R"({"target_pid":"a","limit_key":"ann"})");
  CHECK(to_json(with_limit("ann", 1))
        == R"({"target_pid":"a","limit_key":"ann","limit_max":1})");
}

TEST_CASE("a printed limit reads as the same limit") {
  for (auto& limit_key : {std::string{"ann"}, std::string{R"("\ / {x})"},
                          std::string{"caf\xC3\xA9"}, std::string(256, '"'),
                          repeated(e_acute, 128)})
    for (std::uint32_t limit_max : {0u, 1u, 2u, 9'999u, 10'000u}) {
      auto command = with_limit(limit_key, limit_max);
      command.subprotocol = "v2.chat";
      command.metadata = R"({"b":1})";
      auto read = parse(to_json(command));
      REQUIRE(read);
      CHECK(read->limit_key == limit_key);
      CHECK(read->limit_max == limit_max);
      CHECK(read->subprotocol == "v2.chat");
      CHECK(to_json(*read) == to_json(command));
    }
}

} // namespace wsrelay::relay_command_limit_test
