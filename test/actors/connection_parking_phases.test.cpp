// What else happens to a connection that is parked: transfers, output, events,
// heartbeats, and too many others.
#include "test/actors/parked_client.hpp"

namespace wsrelay::connection_parking_phases_test {

using namespace wsrelay::test;

namespace {

// A transfer to `other` is under way when the owner ends.
struct transferring : parkable {
  pending_reply<void> reply = start();

  explicit transferring(parkable_options how = {}) : parkable{std::move(how)} {}

  pending_reply<void> start() {
    other.hold_joins();
    auto result = begin(move_to(other));
    node.run();
    return result;
  }
};

parkable_options crowded(std::size_t connections, std::size_t bytes) {
  parkable_options result;
  result.max_connections = connections;
  result.max_bytes = bytes;
  return result;
}

parkable_options tight(overflow_policy policy) {
  parkable_options result;
  result.parking = telling();
  result.output_limit = 10'000;
  result.overflow.policy = policy;
  return result;
}

} // namespace

// -- a transfer is under way --------------------------------------------------

TEST_CASE_FIXTURE(transferring, "a transfer that succeeds takes over from an "
                                "owner that has ended") {
  crash(target);
  say("a");
  CHECK(client->is_open());
  CHECK(other.log() == strings{"join {}"});
  other.release();
  node.run();
  CHECK(reply.succeeded());
  CHECK(other.log() == strings{"join {}", "message 1 a"});
  CHECK(counts->parked == 0);
}

TEST_CASE("after a transfer that fails the connection waits, if the owner's "
          "end is listed") {
  for (auto is_listed : {true, false}) {
    parkable_options options;
    options.parking.endings.crashed = is_listed;
    options.parking.endings.normal = !is_listed;
    transferring on{options};
    on.crash(on.target);
    on.say("a");
    CHECK(on.client->is_open());
    on.end(on.other, {});
    CHECK(on.reply.failed_with(errc::target_down));
    CHECK(on.client->is_open() == is_listed);
    if (is_listed) {
      on.put(on.third);
      CHECK(on.third.log() == strings{"join {}", "message 1 a"});
    } else {
      CHECK(on.client->close_frame()
            == client_close{1011, "target failed: connect again"});
    }
  }
}

TEST_CASE_FIXTURE(transferring, "after a transfer that fails all the time "
                                "there is begins") {
  crash(target);
  node.advance(10s); // the join timeout
  CHECK(reply.failed_with(errc::target_silent));
  node.advance(30s - 1ms);
  CHECK(client->is_open());
  node.advance(1ms);
  CHECK(client->close_frame()
        == client_close{1011, "target failed: connect again"});
}

TEST_CASE("a transfer that fails leaves what was unanswered known") {
  for (auto redeliver : {true, false}) {
    parkable_options options;
    options.parking = telling();
    options.parking.redeliver = redeliver;
    parkable on{options};
    on.target.hold();
    on.say("a");
    on.other.hold_joins();
    auto reply = on.begin(move_to(on.other));
    on.node.run();
    on.crash(on.target);
    on.crash(on.other);
    CHECK(reply.failed_with(errc::target_down));
    CHECK(on.client->events()
          == std::vector{client_event{
              "relay.parked", R"({"reason":"crashed","unanswered":1})"}});
  }
}

TEST_CASE_FIXTURE(transferring, "controls behind a transfer that fails go on") {
  auto next = begin(move_to(third));
  node.run();
  crash(target);
  crash(other);
  CHECK(next.succeeded());
  say("a");
  CHECK(third.log() == strings{"join {}", "message 1 a"});
}

TEST_CASE_FIXTURE(transferring, "the goodbye of the owner's node does not part "
                                "it from a transfer") {
  auto away = *caf::make_node_id(1, std::string(40, 'a'));
  node.send(client->actor(), node_stops{away, nullptr});
  node.run();
  CHECK_FALSE(reply.answered());
  say_goodbye(); // of both
  CHECK(reply.failed_with(errc::target_down));
  CHECK(other.log() == strings{"join {}", "leave rolled_back 0 last=0"});
  CHECK(target.log() == strings{"join {}", "leave shutdown 0 last=0"});
  CHECK(is_parked());
}

// -- output -------------------------------------------------------------------

TEST_CASE_FIXTURE(parkable, "who knows a parked connection still reaches its "
                            "client") {
  crash(target);
  CHECK_FALSE(answer(ws_send{message_type::text, "a"}));
  CHECK_FALSE(answer(ws_event{"t", "1"}));
  CHECK(client->received()
        == std::vector{text("a"), text(R"({"topic":"t","data":1})")});
  auto stats =
      node.request<connection_stats>(client->actor(), connection_stats_get{});
  REQUIRE(stats);
  CHECK(stats->numbers.target_pid == "parked:chat");
}

TEST_CASE("a client is told of it where the route says so") {
  for (auto& how : target_ends) {
    CAPTURE(how.name);
    parkable on{{.parking = telling()}};
    how.happen(on);
    CHECK(on.client->received()
          == std::vector{text(R"({"topic":"relay.parked","data":{"reason":")"
                              + std::string{how.word}
                              + R"(","unanswered":0}})")});
    on.say("a");
    on.say("b");
    on.client->take();
    on.put(on.other);
    CHECK(on.client->received()
          == std::vector{
              text(R"({"topic":"relay.resumed","data":{"messages":2}})")});
  }
}

TEST_CASE("a client is not told of it where the route does not say so") {
  for (auto& how : target_ends) {
    parkable on;
    how.happen(on);
    on.put(on.other);
    CHECK(on.other.log() == strings{"join {}"});
    CHECK(on.client->received().empty());
  }
}

TEST_CASE("a client that does not read misses the events where messages are "
          "dropped") {
  parkable on{tight(overflow_policy::drop_newest)};
  on.client->stall();
  for (int i = 0; i < 20; ++i)
    on.node.send(on.client->actor(),
                 ws_send{message_type::text, std::string(1000, 'x')});
  on.crash(on.target);
  on.put(on.other);
  on.say("a");
  CHECK(on.other.log() == strings{"join {}", "message 1 a"});
}

TEST_CASE("a client that does not read closes where an event finds no room") {
  parkable on{tight(overflow_policy::close)};
  on.client->stall();
  ws_send big{message_type::text, std::string(9'800, 'x')};
  SUBCASE("when it is parked") {
    on.node.send(on.client->actor(), big);
    on.crash(on.target);
  }
  SUBCASE("when it goes on") {
    on.crash(on.target);
    on.say("a");
    on.node.send(on.client->actor(), big);
    on.put(on.other);
  }
  on.node.advance(fake_frame_port::close_timeout);
  CHECK_FALSE(on.client->is_open());
  REQUIRE(on.client->exit_reason());
  auto info = to_close_info(*on.client->exit_reason());
  REQUIRE(info);
  CHECK(info->reason == leave_reason::slow_consumer);
  CHECK(on.lot->connections() <= 1); // last words
}

// -- heartbeats ---------------------------------------------------------------

TEST_CASE("heartbeats stop while it is parked, and go on") {
  parkable on{{.heartbeat_interval = 1s}};
  on.node.advance(3s);
  CHECK(on.target.heartbeats().size() == 3);
  on.crash(on.target);
  on.node.advance(5s);
  CHECK(on.target.heartbeats().size() == 3);
  CHECK_FALSE(on.answer(move_to(on.other)));
  on.node.advance(3s);
  CHECK(on.other.heartbeats().size() == 3);
  CHECK(on.other.heartbeats().back().uptime == 11s);
}

TEST_CASE("a heartbeat that a target has not answered does not stop those of "
          "its successor") {
  parkable on{{.heartbeat_interval = 1s}};
  on.target.hold();
  on.node.advance(1s);
  on.crash(on.target);
  CHECK_FALSE(on.answer(move_to(on.other)));
  on.node.advance(2s);
  CHECK(on.other.heartbeats().size() == 2);
}

// -- the lot ------------------------------------------------------------------

TEST_CASE("with more than there may be who waits longest closes") {
  parkable on{crowded(1, 1000)};
  on.end(on.target, caf::exit_reason::user_shutdown);
  CHECK(on.client->is_open());
  auto second = on.connect(on.other);
  on.node.run();
  on.crash(on.other);
  CHECK(on.client->close_frame()
        == client_close{1001, "target shut down: connect again"});
  CHECK(on.client->exit_reason());
  CHECK(second.is_open());
  CHECK(on.counts->unparked == 1);
  CHECK(on.lot->connections() == 1);
}

TEST_CASE("without room in the lot it closes at once") {
  parkable on{crowded(0, 1000)};
  on.crash(on.target);
  CHECK(on.client->close_frame()
        == client_close{1011, "target failed: connect again"});
  CHECK(on.counts->unparked == 1);
}

TEST_CASE("with more held than there may be it closes, and is not heard") {
  parkable on{crowded(10, 2 * (1 + queued_message_cost))};
  on.crash(on.target);
  on.say("a");
  on.say("b");
  CHECK(on.client->is_open());
  on.say("c");
  CHECK(on.client->close_frame()
        == client_close{1011, "target failed: connect again"});
  on.put(on.other);
  CHECK(on.other.log().empty());
}

TEST_CASE_FIXTURE(parkable, "who is told to give up another place stays") {
  node.send(client->actor(), connection_unpark{1});
  node.run();
  crash(target);
  node.send(client->actor(), connection_unpark{2});
  node.send(client->actor(), connection_unpark{0});
  node.run();
  CHECK(client->is_open());
  put(other);
  node.send(client->actor(), connection_unpark{1}); // which it had
  say("a");
  CHECK(other.log() == strings{"join {}", "message 1 a"});
}

} // namespace wsrelay::connection_parking_phases_test
