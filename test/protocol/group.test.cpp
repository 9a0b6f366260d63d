// Names of groups, alone and in lists.
#include "protocol/group.hpp"

#include "protocol/relay_command.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace wsrelay::group_test {

namespace {

using names = std::vector<std::string>;

std::string command(const std::string& groups) {
  return R"({"target_pid":"chat","groups":)" + groups + "}";
}

std::string error_of(const std::string& groups) {
  auto parsed = parse_relay_command(command(groups), {});
  return parsed ? "" : parsed.error().what;
}

names many(std::size_t count) {
  names result;
  for (std::size_t i = 0; i < count; ++i)
    result.push_back("g" + std::to_string(i));
  return result;
}

} // namespace

TEST_CASE("a name stands in a URL and in a field as it is") {
  CHECK(check_group("room-7"));
  CHECK(check_group("user_17.eu~x:y@z+1=2"));
  CHECK(check_group(std::string(max_group_name, 'x')));
  CHECK_FALSE(check_group(""));
  CHECK_FALSE(check_group(std::string(max_group_name + 1, 'x')));
  for (std::string bad : {"a b", "a,b", "a/b", "a?b", "a#b", "a%20b", "a\"b",
                          "a\nb", "gr\xc3\xbc\xc3\x9f", "{room}"})
    CHECK_FALSE(check_group(bad));
  CHECK_FALSE(check_group(std::string("a\0b", 3)));
}

TEST_CASE("a list has names between commas") {
  CHECK(*parse_groups("room-7") == names{"room-7"});
  CHECK(*parse_groups(" a ,b,, c\t") == names{"a", "b", "c"});
  CHECK(parse_groups("")->empty());
  CHECK(parse_groups(", ,")->empty());
  CHECK_FALSE(parse_groups("a b"));
  std::string list;
  for (auto& each : many(max_groups))
    list += each + ",";
  CHECK(parse_groups(list)->size() == max_groups);
  CHECK_FALSE(parse_groups(list + "one-more"));
}

TEST_CASE("a command names the groups of its connection") {
  auto parsed = parse_relay_command(command(R"(["room-7","user-17"])"), {});
  REQUIRE(parsed);
  CHECK(parsed->groups == names{"room-7", "user-17"});
  CHECK(to_json(*parsed) == command(R"(["room-7","user-17"])"));
  CHECK(parse_relay_command(command("[]"), {})->groups.empty());
}

TEST_CASE("groups of a command are a list of names") {
  CHECK(error_of(R"("room")") == "groups: not a list of names");
  CHECK(error_of("7") == "groups: not a list of names");
  CHECK(error_of("null") == "groups: not a list of names");
  CHECK(error_of("{}") == "groups: not a list of names");
  CHECK(error_of("[7]") == "groups: not a list of names");
  CHECK(error_of("[true]") == "groups: not a list of names");
  CHECK(error_of(R"(["a",null])") == "groups: not a list of names");
  CHECK(error_of(R"([["a"]])") == "groups: not a list of names");
  CHECK(error_of(R"([{"a":"b"}])") == "groups: not a list of names");
  CHECK(error_of(R"(["a b"])").starts_with("groups: a group's name has"));
}

TEST_CASE("a command has at most so many groups") {
  auto list = [](std::size_t count) {
    std::string result;
    for (auto& each : many(count))
      result += (result.empty() ? "[\"" : ",\"") + each + "\"";
    return result + "]";
  };
  CHECK(error_of(list(max_groups)) == "");
  CHECK(error_of(list(max_groups + 1)) == "groups: more than 64 groups");
  CHECK(error_of(list(10'000)) == "groups: more than 64 groups");
}

} // namespace wsrelay::group_test
