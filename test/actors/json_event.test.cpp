// Events made of RapidJSON's values.
#include "actors/json_event.hpp"

#include "test/support/connected.hpp"

#include <limits>

namespace wsrelay::json_event_test {

using namespace wsrelay::test;

TEST_CASE("an event is made of a RapidJSON value") {
  rapidjson::Document value;
  value.Parse(R"({ "name": "gr\u00fcn", "all": [1, 2.5, null, true] })");
  auto event = make_event("colour", value);
  CHECK(event.topic == "colour");
  CHECK(event.data.view()
        == R"({"name":"gr)"
           "\u00fc"
           R"(n","all":[1,2.5,null,true]})");
  CHECK_FALSE(event.priority);
  CHECK(event.key.empty());
}

TEST_CASE("an event keeps what the value was") {
  rapidjson::Value value{17};
  auto event = make_event("number", value);
  value.SetInt(18);
  CHECK(event.data.view() == "17");
  CHECK(json_buffer(rapidjson::Value{}).view() == "null");
}

TEST_CASE("a value without JSON is refused, not sent in part") {
  connected on;
  rapidjson::Document value;
  value.SetArray();
  value.PushBack(1, value.GetAllocator());
  value.PushBack(std::numeric_limits<double>::quiet_NaN(),
                 value.GetAllocator());
  for (auto* each : {&value[1], static_cast<rapidjson::Value*>(&value)}) {
    auto answer =
        on.node.request<void>(on.client.actor(), make_event("no", *each));
    CHECK(is(answer.error(), errc::invalid_json));
  }
  CHECK(on.client.take().empty());
}

} // namespace wsrelay::json_event_test
