// Heartbeats: when they come, when they do not.
#include "test/support/connected.hpp"

namespace wsrelay::connection_heartbeat_test {

using namespace wsrelay::test;

namespace {

constexpr milliseconds interval{1000};

ws_control every(milliseconds value) {
  ws_control result;
  result.heartbeat_interval = value;
  return result;
}

} // namespace

TEST_CASE_FIXTURE(connected, "without an interval no heartbeat comes") {
  node.advance(std::chrono::hours{24});
  CHECK(target.heartbeats().empty());
}

TEST_CASE("a heartbeat comes at its interval, not before") {
  connected on{{.heartbeat_interval = interval}};
  on.node.advance(interval / 2);
  CHECK(on.target.heartbeats().empty());
  on.node.advance(interval / 2 - milliseconds{1});
  CHECK(on.target.heartbeats().empty());
  on.node.advance(milliseconds{1});
  CHECK(on.target.heartbeats().size() == 1);
  on.node.advance(interval * 10);
  CHECK(on.target.heartbeats().size() == 11);
}

TEST_CASE("a heartbeat tells the uptime and the client's messages so far") {
  connected on{{.heartbeat_interval = interval}};
  on.say("a");
  on.say("b");
  on.node.advance(interval);
  on.say("c");
  on.node.advance(interval);
  REQUIRE(on.target.heartbeats().size() == 2);
  CHECK(on.target.heartbeats()[0].uptime == interval);
  CHECK(on.target.heartbeats()[0].message_count == 2);
  CHECK(on.target.heartbeats()[1].uptime == 2 * interval);
  CHECK(on.target.heartbeats()[1].message_count == 3);
}

TEST_CASE("a heartbeat never comes before the join was answered") {
  checked_node node;
  probe target{node};
  target.hold_joins();
  auto client = node.connect(target, {.heartbeat_interval = interval});
  node.advance(interval * 3);
  CHECK(target.heartbeats().empty());
  target.release();
  node.advance(interval);
  CHECK(target.heartbeats().size() == 1);
}

TEST_CASE("a new interval counts from the change") {
  connected on{{.heartbeat_interval = interval}};
  on.node.advance(interval / 2);
  CHECK_FALSE(on.answer(every(interval * 2)));
  on.node.advance(interval * 2 - milliseconds{1});
  CHECK(on.target.heartbeats().empty());
  on.node.advance(milliseconds{1});
  CHECK(on.target.heartbeats().size() == 1);
}

TEST_CASE("setting the same interval again delays nothing") {
  connected on{{.heartbeat_interval = interval}};
  for (int i = 0; i < 4; ++i) {
    on.node.advance(interval / 4);
    CHECK_FALSE(on.answer(every(interval)));
  }
  CHECK(on.target.heartbeats().size() == 1);
}

TEST_CASE("an interval of 0 turns heartbeats off, another one on") {
  connected on{{.heartbeat_interval = interval}};
  CHECK_FALSE(on.answer(every(milliseconds{0})));
  on.node.advance(interval * 5);
  CHECK(on.target.heartbeats().empty());
  CHECK_FALSE(on.answer(every(interval)));
  on.node.advance(interval);
  CHECK(on.target.heartbeats().size() == 1);
}

TEST_CASE("a target that does not answer gets no backlog of heartbeats") {
  connected on{{.heartbeat_interval = interval}};
  on.target.hold();
  on.node.advance(interval * 10);
  CHECK(on.target.heartbeats().size() == 1);
  on.target.release();
  on.node.advance(interval);
  CHECK(on.target.heartbeats().size() == 2);
}

TEST_CASE("after a transfer the new target gets the heartbeats") {
  connected on{{.heartbeat_interval = interval}};
  on.node.advance(interval);
  CHECK_FALSE(on.answer(move_to(on.other)));
  on.node.advance(interval * 2);
  CHECK(on.target.heartbeats().size() == 1);
  CHECK(on.other.heartbeats().size() == 2);
}

TEST_CASE("a late answer of the old target opens no backlog at the new one") {
  connected on{{.heartbeat_interval = interval}};
  on.target.hold();
  on.node.advance(interval);
  CHECK(on.target.heartbeats().size() == 1);
  on.other.hold();
  CHECK_FALSE(on.answer(move_to(on.other)));
  on.node.advance(interval);
  CHECK(on.other.heartbeats().size() == 1);
  on.target.release();
  on.node.advance(interval * 5);
  CHECK(on.other.heartbeats().size() == 1);
}

TEST_CASE("no heartbeat comes after the end") {
  connected on{{.heartbeat_interval = interval}};
  on.client.stall();
  on.node.send(on.client.actor(), ws_close{1000, ""});
  on.node.advance(interval * 20);
  CHECK(on.target.log() == strings{"join {}", "leave closed 1000 last=0"});
}

TEST_CASE("a heartbeat does not use up the window") {
  connected on{{.heartbeat_interval = interval, .window = 1}};
  on.target.hold();
  on.node.advance(interval);
  on.say("a");
  CHECK(on.target.messages().size() == 1);
}

} // namespace wsrelay::connection_heartbeat_test
