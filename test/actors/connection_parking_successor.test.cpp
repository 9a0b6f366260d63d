// Who comes after a target: by its name, or because a control says so; and who
// refuses, is silent, or ends as well.
#include "test/actors/parked_client.hpp"

namespace wsrelay::connection_parking_successor_test {

using namespace wsrelay::test;

namespace {

ws_control with_metadata(std::string metadata) {
  ws_control result;
  result.metadata = shared_buffer{metadata};
  return result;
}

ws_control with_topic(std::string topic) {
  ws_control result;
  result.message_topic = std::move(topic);
  return result;
}

} // namespace

// -- by name ------------------------------------------------------------------

TEST_CASE_FIXTURE(parkable, "whoever has the name when the target ends is "
                            "asked at once") {
  node.send(node.directory(), directory_erase{"chat", target});
  node.run();
  CHECK(node.put("chat", other));
  CHECK(other.log().empty());
  crash(target);
  CHECK(other.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(parkable, "whoever takes the name later is asked within a "
                            "second") {
  crash(target);
  node.advance(20s);
  CHECK(node.put("chat", other));
  node.advance(most_successor_pause);
  say("a");
  CHECK(other.log() == strings{"join {}", "message 1 a"});
}

TEST_CASE_FIXTURE(parkable, "another name is not this one") {
  crash(target);
  put(other, "news");
  node.advance(10s);
  CHECK(other.log().empty());
  CHECK(client->is_open());
}

TEST_CASE("a target without a name has no successor but by a control") {
  for (auto name : {"", "chat@app1"}) {
    parkable on{{.target_name = name}};
    on.crash(on.target);
    on.put(on.other);
    on.node.advance(5s);
    CHECK(on.other.log().empty());
    CHECK_FALSE(on.answer(move_to(on.other)));
    on.say("a");
    CHECK(on.other.log() == strings{"join {}", "message 1 a"});
  }
}

TEST_CASE_FIXTURE(parkable, "many connections get one successor") {
  std::vector<fake_client> clients;
  for (int i = 0; i < 20; ++i)
    clients.push_back(connect(target));
  node.run();
  crash(target);
  CHECK(lot->connections() == 21);
  put(other);
  CHECK(other.joins().size() == 21);
  CHECK(lot->connections() == 0);
  CHECK(counts->resumed == 21);
}

// -- settings -----------------------------------------------------------------

TEST_CASE_FIXTURE(parkable,
                  "a successor joins with the settings of that time") {
  crash(target);
  say("a");
  CHECK_FALSE(answer(with_metadata(R"({"a":1})")));
  CHECK_FALSE(answer(with_topic("in")));
  put(other);
  say("b");
  CHECK(other.log()
        == strings{R"(join {"a":1})", "message 1 a", "message 2 b"});
  for (auto& each : other.messages()) {
    CHECK(each.topic.view() == "in");
    CHECK(each.metadata.view() == R"({"a":1})");
  }
}

TEST_CASE_FIXTURE(parkable, "what a control that failed would have set is not "
                            "set") {
  crash(target);
  auto control = with_metadata(R"({"a":1})");
  control.target_pid = "nobody";
  CHECK(is(answer(control), errc::no_such_target));
  put(other);
  CHECK(other.log() == strings{"join {}"});
}

// -- by a control -------------------------------------------------------------

TEST_CASE_FIXTURE(parkable, "a control with a handle names the successor, and "
                            "then no name is awaited") {
  crash(target);
  say("a");
  CHECK_FALSE(answer(move_to(other)));
  CHECK(other.log() == strings{"join {}", "message 1 a"});
  crash(other);
  put(third);
  node.advance(5s);
  CHECK(third.log().empty());
  CHECK(client->is_open());
  CHECK_FALSE(answer(move_to(third)));
  CHECK(third.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(parkable, "a control with a name names the successor, and "
                            "then that name is awaited") {
  crash(target);
  say("a");
  CHECK(node.put("b", other));
  CHECK_FALSE(answer(move_to_name("b")));
  CHECK(other.log() == strings{"join {}", "message 1 a"});
  crash(other);
  put(third);
  node.advance(5s);
  CHECK(third.log().empty());
  put(third, "b");
  CHECK(third.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(parkable, "a transfer by name changes the name that is "
                            "awaited, one that fails does not") {
  CHECK(is(answer(move_to_name("nobody")), errc::no_such_target));
  SUBCASE("failed") {
    crash(target);
    put(other);
    CHECK(other.log() == strings{"join {}"});
  }
  SUBCASE("done") {
    CHECK(node.put("b", other));
    CHECK_FALSE(answer(move_to_name("b")));
    crash(other);
    put(third, "b");
    CHECK(third.log() == strings{"join {}"});
  }
}

TEST_CASE_FIXTURE(parkable, "a control that fails leaves the connection "
                            "parked") {
  crash(target);
  say("a");
  CHECK(is(answer(move_to_name("nobody")), errc::no_such_target));
  CHECK(is(answer(move_to(target)), errc::target_down));
  CHECK_FALSE(client->is_paused());
  CHECK(client->is_open());
  say("b");
  put(other);
  CHECK(other.log() == strings{"join {}", "message 1 a", "message 2 b"});
}

TEST_CASE_FIXTURE(parkable, "while a control is under way the name is not "
                            "followed, afterwards it is") {
  crash(target);
  other.hold_joins();
  auto reply = begin(move_to(other));
  put(third);
  CHECK(third.log().empty());
  node.advance(9s - 1ms);
  CHECK_FALSE(reply.answered());
  node.advance(1ms); // the join timeout
  CHECK(reply.failed_with(errc::target_silent));
  CHECK(other.log() == strings{"join {}", "leave rolled_back 0 last=0"});
  node.advance(100ms);
  CHECK(third.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(parkable, "a control waits while a successor is asked") {
  crash(target);
  other.hold_joins();
  put(other);
  auto reply = begin(move_to(third));
  node.run();
  CHECK(third.log().empty());
  other.release();
  node.run();
  CHECK(reply.succeeded());
  CHECK(other.log() == strings{"join {}", "leave transferred 0 last=0"});
  CHECK(third.log() == strings{"join {}"});
}

// -- who does not take it -----------------------------------------------------

TEST_CASE_FIXTURE(parkable, "a successor that refuses is asked again, at "
                            "growing intervals") {
  crash(target);
  say("a");
  other.refuse_joins(make_error(errc::busy));
  CHECK(node.put("chat", other));
  node.advance(50ms);
  CHECK(other.joins().size() == 1);
  CHECK(client->is_open());
  CHECK_FALSE(client->is_paused());
  node.advance(99ms);
  CHECK(other.joins().size() == 1);
  node.advance(1ms);
  CHECK(other.joins().size() == 2);
  node.advance(199ms);
  CHECK(other.joins().size() == 2);
  node.advance(1ms);
  CHECK(other.joins().size() == 3);
  refused = 3;
  other.accept_joins();
  other.clear();
  refused = 0;
  node.advance(400ms);
  CHECK(other.log() == strings{"join {}", "message 1 a"});
}

TEST_CASE_FIXTURE(parkable, "who refuses to the end closes as the target's end "
                            "says") {
  crash(target);
  other.refuse_joins(make_error(errc::busy));
  put(other);
  node.advance(29s - 1ms);
  CHECK(client->is_open());
  node.advance(1ms);
  CHECK(client->close_frame()
        == client_close{1011, "target failed: connect again"});
  CHECK(other.leaves().empty());
  refused = other.joins().size();
}

TEST_CASE_FIXTURE(parkable, "a successor that is silent is left, and asked "
                            "again") {
  crash(target);
  say("a");
  other.hold_joins();
  CHECK(node.put("chat", other));
  node.advance(50ms);
  CHECK(other.log() == strings{"join {}"});
  node.advance(10s - 1ms);
  CHECK(other.log() == strings{"join {}"});
  node.advance(1ms);
  CHECK(other.log() == strings{"join {}", "leave rolled_back 0 last=0"});
  CHECK(client->is_open());
  node.advance(100ms);
  other.release(); // both joins, one of them too late
  node.run();
  CHECK(other.log()
        == strings{"join {}", "leave rolled_back 0 last=0", "join {}",
                   "message 1 a"});
}

TEST_CASE_FIXTURE(parkable, "a successor that ends before it has answered is "
                            "followed by the next") {
  crash(target);
  say("a");
  other.hold_joins();
  put(other);
  say("b");
  crash(other);
  CHECK(client->is_open());
  CHECK(counts->parked == 1);
  put(third);
  CHECK(third.log() == strings{"join {}", "message 1 a", "message 2 b"});
  CHECK(counts->resumed == 1);
}

TEST_CASE_FIXTURE(parkable, "a successor that ends before it has answered "
                            "gives no more time") {
  crash(target);
  node.advance(20s);
  other.hold_joins();
  put(other);
  crash(other);
  node.advance(9s - 1ms);
  CHECK(client->is_open());
  node.advance(1ms);
  CHECK_FALSE(client->is_open());
}

TEST_CASE_FIXTURE(parkable, "a successor that is asked when the time is over "
                            "hears so") {
  crash(target);
  node.advance(25s);
  other.hold_joins();
  put(other);
  node.advance(4s);
  CHECK(client->close_frame()
        == client_close{1011, "target failed: connect again"});
  CHECK(other.log() == strings{"join {}", "leave target_down 1011 last=0"});
}

TEST_CASE_FIXTURE(parkable, "a successor whose node stops before it has "
                            "answered is left") {
  crash(target);
  other.hold_joins();
  put(other);
  say_goodbye();
  CHECK(other.log() == strings{"join {}", "leave rolled_back 0 last=0"});
  CHECK(client->is_open());
  put(third);
  CHECK(third.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(parkable, "what the target of a node that stops says last is "
                            "in its successor's join") {
  node.delay_message<ws_leave>(2s);
  say_goodbye();
  put(other);
  ws_control last;
  last.metadata = shared_buffer{R"({"round":2})"};
  CHECK_FALSE(answer(last));
  say("a");
  CHECK(other.log().empty());
  node.advance(2s - most_successor_pause);
  CHECK(other.log() == strings{R"(join {"round":2})", "message 1 a"});
}

// The target "mute" answers no leave; its node stops, and there is another one.
struct behind_mute : parkable {
  behind_mute() {
    CHECK(node.put("mute", mute));
    CHECK_FALSE(answer(move_to_name("mute")));
    say_goodbye("mute");
    put(other, "mute");
    CHECK(other.log().empty());
  }

  ~behind_mute() {
    caf::anon_send_exit(mute, caf::exit_reason::kill);
    node.run();
  }

  caf::actor mute = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[](const ws_join&) {},
                         [self](const ws_leave&) -> caf::result<void> {
                           return self->make_response_promise<void>();
                         }};
  });
};

TEST_CASE_FIXTURE(behind_mute, "one that ends instead is not waited for") {
  caf::anon_send_exit(mute, caf::exit_reason::kill);
  node.run();
  CHECK(other.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(behind_mute, "nor for ever one that does not answer") {
  node.advance(10s - most_successor_pause - 1ms);
  CHECK(other.log().empty());
  node.advance(1ms);
  CHECK(other.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(parkable, "a successor that ends as well is followed, with a "
                            "time of its own") {
  crash(target);
  node.advance(20s);
  put(other);
  say("a");
  node.advance(5s);
  crash(other);
  CHECK(counts->parked == 2);
  say("b");
  node.advance(30s - 1ms);
  CHECK(client->is_open());
  SUBCASE("in vain") {
    node.advance(1ms);
    CHECK(client->close_frame()
          == client_close{1011, "target failed: connect again"});
  }
  SUBCASE("just in time") {
    CHECK_FALSE(answer(move_to(third)));
    node.advance(60s);
    CHECK(third.log() == strings{"join {}", "message 2 b"});
  }
}

TEST_CASE_FIXTURE(parkable, "the last end says with what it closes") {
  crash(target);
  put(other);
  end(other, {});
  node.advance(30s);
  CHECK(client->close_frame()
        == client_close{1000, "target ended: nothing more comes"});
}

} // namespace wsrelay::connection_parking_successor_test
