// Fixed commands, filled in.
#include "net/http/fixed_command.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::fixed_command_test {

namespace {

struct fixture {
  relay_handler handler{
      {.target_pid = "t", .metadata = R"({"room":"{room}"})"}};
  http_request request{};

  std::string metadata(const path_params& params = {{"room", "a \"b\""}}) {
    return fill_in(handler, request, params).metadata;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "parameters of the path are filled in") {
  handler.command.groups = {"room-{room}"};
  handler.command.limit_key = "{room}/{user}";
  auto result = fill_in(handler, request, {{"room", "7"}, {"user", "ann"}});
  CHECK(result.metadata == R"({"room":"7"})");
  CHECK(result.groups == std::vector<std::string>{"room-7"});
  CHECK(result.limit_key == "7/ann");
  CHECK(metadata() == R"({"room":"a \"b\""})");
}

TEST_CASE_FIXTURE(fixture, "parameters are filled in in the state") {
  auto state = [&](std::string text) {
    handler.command.state = std::move(text);
    return fill_in(handler, request, {{"room", "a\",\"b"}, {"n", "7"}}).state;
  };
  CHECK(state("room {room} of {n}") == "room a\",\"b of 7");
  CHECK(state("{{n}}") == "{7}");
  CHECK(state("{other}") == "{other}");
  CHECK(state("") == "");
}

TEST_CASE_FIXTURE(fixture, "a value adds nothing to a state that is JSON") {
  auto state = [&](std::string text) {
    handler.command.state = std::move(text);
    return fill_in(handler, request, {{"room", "a\",\"b"}}).state;
  };
  CHECK(state(R"({"room": "{room}"})") == R"({"room": "a\",\"b"})");
  CHECK(state(R"(["{room}", 1])") == R"(["a\",\"b", 1])");
  CHECK(state(R"("{room}")") == R"("a\",\"b")");
}

TEST_CASE_FIXTURE(fixture, "a state is as long as it may be when it is full") {
  handler.command.state = "s-{room}";
  auto is_good = [&](std::size_t size) {
    auto command =
        fill_in(handler, request, {{"room", std::string(size, 'x')}});
    return bool{check_relay_command(std::move(command), {})};
  };
  CHECK(is_good(max_relay_state - 2));
  CHECK(!is_good(max_relay_state - 1));
}

TEST_CASE_FIXTURE(fixture, "header fields are told where they are listed") {
  request.headers = {{"cookie", "a=\"1\""},
                     {"Authorization", "Bearer x"},
                     {"X-Two", "1"},
                     {"x-two", "2"}};
  CHECK(metadata({}) == R"({"room":"{room}"})");
  handler.headers = {"Cookie", "X-Two", "X-None"};
  CHECK(metadata({{"room", "7"}})
        == R"({"room":"7","headers":{"Cookie":"a=\"1\"","X-Two":"1, 2"}})");
  handler.command.metadata = "{ }";
  handler.headers = {"X-None"};
  CHECK(metadata() == R"({"headers":{}})");
}

TEST_CASE_FIXTURE(fixture, "query parameters are told where they are listed") {
  handler.command.metadata = "{}";
  handler.query = {"name", "empty", "bare", "bad", "none", "a b"};
  request.query = "name=%C3%A4+%22&name=2&empty=&bare&bad=%zz&a%20b=1&other=1";
  CHECK(metadata()
        == "{\"query\":{\"name\":\"\u00e4 \\\"\",\"empty\":\"\",\"bare\":\"\","
           "\"a b\":\"1\"}}");
  request.query = "";
  CHECK(metadata() == R"({"query":{}})");
}

TEST_CASE_FIXTURE(fixture, "a request adds no member of its own") {
  handler.command.metadata = "{}";
  handler.headers = {"A"};
  handler.query = {"b"};
  request.headers = {{"A", "\",\"x\":\"1"}};
  request.query = "b=%22%2C%22x%22%3A1%00";
  CHECK(metadata()
        == R"({"headers":{"A":"\",\"x\":\"1"},)"
           R"("query":{"b":"\",\"x\":1\u0000"}})");
}

TEST_CASE_FIXTURE(fixture, "what is no UTF-8 is not told") {
  handler.command.metadata = "{}";
  handler.headers = {"A"};
  handler.query = {"b", "c"};
  request.headers = {{"A", "\xff"}};
  request.query = "b=%ff&%ff=1&c=%ed%a0%80";
  CHECK(metadata() == R"({"headers":{},"query":{}})");
}

TEST_CASE_FIXTURE(fixture, "of a query a thousand parameters are looked at") {
  handler.command.metadata = "{}";
  handler.query = {"last"};
  std::string many(15'000, '&');
  for (auto i = 0; i < 999; ++i)
    many += "a&";
  request.query = many + "last=1";
  CHECK(metadata() == R"({"query":{"last":"1"}})");
  request.query = many + "a&last=1";
  CHECK(metadata() == R"({"query":{}})");
}

} // namespace wsrelay::fixed_command_test
