// ws.control without a target: what it changes, alone and together.
#include "test/support/connected.hpp"

namespace wsrelay::connection_control_test {

using namespace wsrelay::test;

namespace {

ws_control topic(std::string value) {
  ws_control result;
  result.message_topic = std::move(value);
  return result;
}

ws_control interval(milliseconds value) {
  ws_control result;
  result.heartbeat_interval = value;
  return result;
}

ws_control metadata(std::string value) {
  ws_control result;
  result.metadata = shared_buffer{value};
  return result;
}

ws_control all_of(std::string topic, milliseconds interval,
                  std::string metadata) {
  ws_control result;
  result.message_topic = std::move(topic);
  result.heartbeat_interval = interval;
  result.metadata = shared_buffer{metadata};
  return result;
}

// What the next message carries, and whether a heartbeat comes in 10 ms.
std::string settings(connected& on) {
  on.target.clear();
  on.say("x");
  on.node.advance(milliseconds{10});
  REQUIRE(on.target.messages().size() == 1);
  auto& message = on.target.messages().front();
  return std::string{message.topic.view()} + " "
         + std::string{message.metadata.view()} + " "
         + std::to_string(on.target.heartbeats().size());
}

} // namespace

TEST_CASE_FIXTURE(connected, "a control that sets nothing changes nothing") {
  CHECK_FALSE(answer(ws_control{}));
  CHECK(settings(*this) == "ws.message {} 0");
}

TEST_CASE_FIXTURE(connected, "the topic changes alone") {
  CHECK_FALSE(answer(topic("in")));
  CHECK(settings(*this) == "in {} 0");
  CHECK_FALSE(answer(topic("ws.message")));
  CHECK(settings(*this) == "ws.message {} 0");
}

TEST_CASE_FIXTURE(connected, "the metadata changes alone") {
  CHECK_FALSE(answer(metadata(R"({"a":1})")));
  CHECK(settings(*this) == R"(ws.message {"a":1} 0)");
}

TEST_CASE_FIXTURE(connected, "the heartbeat interval changes alone") {
  CHECK_FALSE(answer(interval(milliseconds{10})));
  CHECK(settings(*this) == "ws.message {} 1");
  CHECK_FALSE(answer(interval(milliseconds{0})));
  CHECK(settings(*this) == "ws.message {} 0");
}

TEST_CASE_FIXTURE(connected, "everything changes together") {
  CHECK_FALSE(answer(all_of("in", milliseconds{10}, R"({"b":2})")));
  CHECK(settings(*this) == R"(in {"b":2} 1)");
}

TEST_CASE_FIXTURE(connected, "a control is for what comes behind it") {
  client.send_text("before");
  node.run();
  node.send(client.actor(), topic("in"));
  node.run();
  client.send_text("behind");
  node.run();
  CHECK(target.messages()[0].topic.view() == "ws.message");
  CHECK(target.messages()[1].topic.view() == "in");
}

TEST_CASE_FIXTURE(connected, "one invalid field, and nothing changes") {
  auto ten = milliseconds{10};
  std::string good = R"({"b":2})";
  CHECK(is(answer(all_of("ws.x", ten, good)), errc::invalid_topic));
  CHECK(is(answer(all_of("", ten, good)), errc::invalid_topic));
  CHECK(is(answer(all_of("a\n", ten, good)), errc::invalid_topic));
  CHECK(
      is(answer(all_of("in", milliseconds{-1}, good)), errc::invalid_interval));
  CHECK(is(answer(all_of("in", ten, "[]")), errc::invalid_json));
  CHECK(is(answer(all_of("in", ten, "")), errc::invalid_json));
  CHECK(is(answer(all_of("in", ten, "{\"a\":\"\xFF\"}")), errc::invalid_json));
  CHECK(settings(*this) == "ws.message {} 0");
}

// Known failure 4: an interval of -1 s crashed the connection.
TEST_CASE_FIXTURE(connected, "an interval is at least 0 and at most a year") {
  constexpr milliseconds year = std::chrono::hours{24 * 365};
  CHECK(is(answer(interval(milliseconds{-1000})), errc::invalid_interval));
  CHECK(is(answer(interval(milliseconds::min())), errc::invalid_interval));
  CHECK(is(answer(interval(year + milliseconds{1})), errc::invalid_interval));
  CHECK(is(answer(interval(milliseconds::max())), errc::invalid_interval));
  CHECK_FALSE(answer(interval(year)));
  CHECK_FALSE(answer(interval(milliseconds{0})));
  say("still here");
  CHECK(target.log().back() == "message 1 still here");
}

TEST_CASE("metadata is refused above its limit, not at it") {
  connected on{{.max_metadata = 10}};
  CHECK_FALSE(on.answer(metadata(R"({"a":123})")));
  CHECK_FALSE(on.answer(metadata(R"({"a":1234})")));
  CHECK(is(on.answer(metadata(R"({"a":12345})")), errc::message_too_big));
  CHECK(settings(on) == R"(ws.message {"a":1234} 0)");
}

TEST_CASE_FIXTURE(connected, "a control with two targets is an error") {
  auto control = move_to(other);
  control.target_pid = "chat";
  CHECK(is(answer(control), errc::invalid_message));
  CHECK(other.log().empty());
}

} // namespace wsrelay::connection_control_test
