// What a client said before it went, while nobody was there: how it is brought
// to the successor, and when it is not.
#include "actors/last_words.hpp"

#include "test/actors/parked_client.hpp"

namespace wsrelay::last_words_test {

using namespace wsrelay::test;

namespace {

// The client has gone after two messages that nobody has; its target ended ten
// seconds ago.
struct gone : parkable {
  explicit gone(parkable_options how = {}) : parkable{std::move(how)} {
    actors = node.running_actors();
    say("a");
    crash(target);
    node.advance(10s);
    say("b");
    say("c");
    client->close(4001);
    node.run();
    CHECK(client->exit_reason());
  }

  // Who brings it. The target and the connection have ended.
  bool waits() { return node.running_actors() == actors - 1; }

  std::size_t actors = 0;
};

const strings all_of_it{"join {}", "message 2 b", "message 3 c",
                        "leave client_closed 4001 last=3"};

parkable_options with_lot(std::size_t connections) {
  parkable_options result;
  result.max_connections = connections;
  return result;
}

} // namespace

TEST_CASE_FIXTURE(gone, "a successor hears it, and nobody is left") {
  CHECK(waits());
  CHECK(lot->connections() == 1);
  CHECK(lot->bytes() == 2 * (1 + queued_message_cost));
  put(other);
  CHECK(other.log() == all_of_it);
  CHECK_FALSE(waits());
  CHECK(lot->connections() == 0);
  node.advance(60s);
  CHECK(other.log() == all_of_it);
}

TEST_CASE_FIXTURE(gone, "who it was is told with each message") {
  put(other);
  REQUIRE(other.messages().size() == 2);
  for (auto& each : other.messages()) {
    CHECK(each.client == client->actor());
    CHECK(each.client_pid == target.messages().at(0).client_pid);
    CHECK(each.topic.view() == "ws.message");
    CHECK_FALSE(each.redelivered);
  }
  CHECK(other.joins().at(0).client == client->actor());
  CHECK(other.leaves().at(0).client == client->actor());
}

TEST_CASE_FIXTURE(gone, "a successor has as much time as the connection had") {
  SUBCASE("just in time") {
    node.advance(19s);
    put(other); // within the last second
    CHECK(other.log() == all_of_it);
  }
  SUBCASE("just before") {
    node.advance(20s - 1ms);
    CHECK(waits());
  }
  SUBCASE("too late") {
    node.advance(20s);
    CHECK_FALSE(waits());
    CHECK(lot->connections() == 0);
    put(other);
    CHECK(other.log().empty());
  }
}

TEST_CASE_FIXTURE(gone, "a successor that refuses is asked again") {
  other.refuse_joins(make_error(errc::busy));
  CHECK(node.put("chat", other));
  node.advance(most_successor_pause);
  auto count = other.joins().size();
  CHECK(count > 0);
  CHECK(other.joins().size() == other.log().size()); // nothing but joins
  other.clear();
  other.accept_joins();
  node.advance(500ms);
  CHECK(other.log() == all_of_it);
}

TEST_CASE_FIXTURE(gone, "a successor that refuses to the end has no leave") {
  other.refuse_joins(make_error(errc::busy));
  put(other);
  node.advance(20s);
  CHECK_FALSE(waits());
  CHECK(other.leaves().empty());
  refused = other.joins().size();
}

TEST_CASE_FIXTURE(gone, "a successor that is silent is left, and asked again") {
  other.hold_joins();
  put(other);
  CHECK(other.log() == strings{"join {}"});
  node.advance(10s);
  CHECK(other.log() == strings{"join {}", "leave rolled_back 0 last=0"});
  node.advance(500ms);
  CHECK(other.joins().size() == 2);
  other.release(); // one of them too late
  node.run();
  CHECK_FALSE(waits());
  CHECK(strings(other.log().begin() + 2, other.log().end()) == all_of_it);
}

TEST_CASE_FIXTURE(gone, "a successor that is silent when the time is over gets "
                        "its leave") {
  node.advance(15s);
  other.hold_joins();
  put(other);
  node.advance(4s);
  CHECK_FALSE(waits());
  CHECK(other.log() == strings{"join {}", "leave client_closed 4001 last=0"});
}

TEST_CASE_FIXTURE(gone, "a successor that ends before it has answered is "
                        "followed by the next") {
  other.hold_joins();
  put(other);
  crash(other);
  CHECK(node.put("chat", third));
  node.advance(12s); // the join timeout is ten
  CHECK(third.log() == all_of_it);
  CHECK_FALSE(waits());
}

TEST_CASE_FIXTURE(gone, "a join that is answered with a value is accepted") {
  strings log;
  auto odd = node.system().spawn([&log] {
    return caf::behavior{
        [](const ws_join&) { return 7; },
        [&log](const ws_message& x) { log.emplace_back(x.data.view()); },
        [&log](const ws_leave&) { log.emplace_back("leave"); }};
  });
  put(odd);
  CHECK(log == strings{"b", "c", "leave"});
  caf::anon_send_exit(odd, caf::exit_reason::kill);
  node.run();
  CHECK_FALSE(waits());
}

TEST_CASE("what a client said goes for others where there are too many") {
  gone on{with_lot(1)};
  CHECK(on.waits());
  auto second = on.connect(on.other);
  on.node.run();
  on.crash(on.other);
  CHECK(on.lot->connections() == 1);
  CHECK(second.is_open());
  on.put(on.third);
  CHECK(on.third.log() == strings{"join {}"}); // the second one's
}

TEST_CASE_FIXTURE(gone, "when the node stops it is not waited for") {
  caf::anon_send_exit(lot->successors(), caf::exit_reason::kill);
  node.run();
  CHECK_FALSE(waits());
  CHECK(lot->connections() == 0);
}

TEST_CASE_FIXTURE(gone,
                  "when the node stops a successor that is asked gets its "
                  "leave") {
  other.hold_joins();
  put(other);
  caf::anon_send_exit(lot->successors(), caf::exit_reason::kill);
  node.run();
  CHECK_FALSE(waits());
  CHECK(other.log() == strings{"join {}", "leave client_closed 4001 last=0"});
}

TEST_CASE("it comes with the settings of that time") {
  parkable on;
  on.crash(on.target);
  ws_control control;
  control.metadata = shared_buffer{R"({"a":1})"};
  control.message_topic = std::string{"in"};
  CHECK_FALSE(on.answer(control));
  on.say("a");
  on.client->lose();
  on.node.run();
  on.put(on.other);
  CHECK(on.other.log()
        == strings{R"(join {"a":1})", "message 1 a",
                   "leave connection_lost 1006 last=1"});
  CHECK(on.other.messages().at(0).topic.view() == "in");
  CHECK(on.other.leaves().at(0).metadata.view() == R"({"a":1})");
}

TEST_CASE("what a target has not answered comes before what was said, and is "
          "marked") {
  parkable on{{.parking = redelivering()}};
  on.say("a");
  on.target.hold();
  on.say("b");
  on.crash(on.target);
  SUBCASE("with more") {
    on.say("c");
    on.client->close();
    on.node.run();
    on.put(on.other);
    CHECK(on.other.log()
          == strings{"join {}", "message 2 b again", "message 3 c",
                     "leave client_closed 1000 last=3"});
  }
  SUBCASE("alone") {
    on.client->close();
    on.node.run();
    on.put(on.other);
    CHECK(on.other.log()
          == strings{"join {}", "message 2 b again",
                     "leave client_closed 1000 last=2"});
  }
}

} // namespace wsrelay::last_words_test
