// The stage's JSON.
#include "tools/targets/stage_message.hpp"

#include "protocol/json.hpp"

#include <doctest/doctest.h>

namespace wsrelay::stage_message_test {

namespace {

bool is_refused(std::string_view json) {
  auto request = parse_stage_request(json);
  return !request && !request.error().what.empty();
}

std::string hello_json(std::string_view name) {
  return R"({"type":"hello","name":)" + json_string(name) + "}";
}

} // namespace

TEST_CASE("each request of a client is read") {
  using kind = stage_request::kind;
  CHECK(parse_stage_request(R"({"type":"move"})")->type == kind::move);
  CHECK(parse_stage_request(R"({"type":"crash","why":1})")->type
        == kind::crash);
  auto counted = parse_stage_request(R"({"type":"count","number":7})");
  REQUIRE(counted);
  CHECK(counted->type == kind::count);
  CHECK(counted->number == 7);
  auto named = parse_stage_request(hello_json("Größe <b>"));
  REQUIRE(named);
  CHECK(named->type == kind::hello);
  CHECK(named->name == "Größe <b>");
}

TEST_CASE("anything else is refused with a text for the client") {
  for (std::string_view bad :
       {"", "{", "null", "[]", "{}", "\xFF", R"({"type":7})",
        R"({"type":"count"})", R"({"type":"count","number":-1})",
        R"({"type":"count","number":"1"})", R"({"type":"count","number":1.5})",
        R"({"type":"count","number":18446744073709551616})",
        R"({"type":"hello"})", R"({"type":"hello","name":7})"})
    CHECK(is_refused(bad));
}

TEST_CASE("a name has 1 to 64 bytes and no control characters") {
  CHECK(is_refused(hello_json("")));
  CHECK(is_refused(hello_json(std::string(max_stage_name + 1, 'x'))));
  CHECK_FALSE(is_refused(hello_json(std::string(max_stage_name, 'x'))));
  for (std::string_view bad : {"a\nb", "\x01", "a\x7F"})
    CHECK(is_refused(hello_json(bad)));
  CHECK(stage_name_of(stage_metadata_json("Ann")) == "Ann");
  for (std::string_view bad : {"{}", "", R"({"name":"a\nb"})", "7"})
    CHECK(stage_name_of(bad).empty());
}

TEST_CASE("what is written is JSON, whatever the names hold") {
  stage_entry entry{"1@x", "\"},<b>\\", "2@x", "blue"};
  auto json = stage_entry_json(entry);
  CHECK(json
        == R"({"pid":"1@x","name":"\"},<b>\\","actor":"2@x","color":"blue"})");
  CHECK(check_json_object(json));
  CHECK(check_json_object(stage_people_json({json, json}, {"3@\"", "4@x"})));
  CHECK(stage_people_json({}, {}) == R"({"people":[],"gone":[]})");
  CHECK(stage_bound_json(entry, 3)
        == R"({"you":"1@x","actor":"2@x","color":"blue","heard":3})");
  CHECK(stage_counted_json(7, 9, "blue", 3)
        == R"({"number":7,"seq":9,"color":"blue","heard":3})");
  CHECK(stage_error_json("no \"") == R"({"text":"no \""})");
}

} // namespace wsrelay::stage_message_test
