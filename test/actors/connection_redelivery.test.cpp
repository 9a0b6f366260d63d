// `wsrelay.park.redeliver`: a successor gets again what the target was sent and
// has not answered; and what becomes of that without it.
#include "test/actors/parked_client.hpp"

namespace wsrelay::connection_redelivery_test {

using namespace wsrelay::test;

namespace {

// A client whose route redelivers.
struct redelivering_client : parkable {
  redelivering_client() : parkable{{.parking = redelivering()}} {}
};

parkable_options with_events(bool redeliver) {
  parkable_options result;
  result.parking = telling();
  result.parking.redeliver = redeliver;
  return result;
}

std::string parked_event(std::string word, int unanswered) {
  return R"({"reason":")" + word + R"(","unanswered":)"
         + std::to_string(unanswered) + "}";
}

} // namespace

TEST_CASE_FIXTURE(redelivering_client,
                  "what is unanswered comes again, marked, "
                  "before what was said meanwhile") {
  say("a");
  target.hold();
  say("b");
  say("c");
  crash(target);
  say("d");
  put(other);
  say("e");
  CHECK(other.log()
        == strings{"join {}", "message 2 b again", "message 3 c again",
                   "message 4 d", "message 5 e"});
  client->close();
  node.run();
  CHECK(other.log().back() == "leave client_closed 1000 last=5");
}

TEST_CASE("after each kind of end but a goodbye it comes again") {
  for (auto& how : target_ends) {
    if (std::string_view{how.name} == "goodbye of its node")
      continue; // its leave is answered
    CAPTURE(how.name);
    redelivering_client on;
    on.target.hold();
    on.say("a");
    how.happen(on);
    CHECK(on.client->is_open());
    on.put(on.other);
    CHECK(on.other.log() == strings{"join {}", "message 1 a again"});
  }
}

TEST_CASE_FIXTURE(redelivering_client,
                  "what was answered does not come again") {
  target.hold();
  say("a");
  say("b");
  target.release();
  say("c");
  crash(target);
  put(other);
  CHECK(other.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(redelivering_client, "type, topic and metadata of what comes "
                                       "again are right") {
  target.hold();
  client->send_binary("a");
  node.run();
  crash(target);
  ws_control control;
  control.metadata = shared_buffer{R"({"a":1})"};
  control.message_topic = std::string{"in"};
  CHECK_FALSE(answer(control));
  put(other);
  REQUIRE(other.messages().size() == 1);
  auto& again = other.messages().front();
  CHECK(again.type == message_type::binary);
  CHECK(again.redelivered);
  CHECK(again.topic.view() == "in");
  CHECK(again.metadata.view() == R"({"a":1})");
  CHECK(again.client == client->actor());
  CHECK(again.client_pid == target.messages().at(0).client_pid);
}

TEST_CASE_FIXTURE(redelivering_client, "who gets nothing but messages again "
                                       "owns these") {
  target.hold();
  say("a");
  say("b");
  crash(target);
  put(other);
  client->close();
  node.run();
  CHECK(other.log().back() == "leave client_closed 1000 last=2");
}

TEST_CASE_FIXTURE(redelivering_client,
                  "a transfer that is under way takes what "
                  "is unanswered over") {
  target.hold();
  say("a");
  other.hold_joins();
  auto reply = begin(move_to(other));
  node.run();
  crash(target);
  other.release();
  node.run();
  CHECK(reply.succeeded());
  say("b");
  CHECK(other.log() == strings{"join {}", "message 1 a again", "message 2 b"});
}

TEST_CASE_FIXTURE(redelivering_client, "after a transfer that fails the next "
                                       "one gets it") {
  target.hold();
  say("a");
  other.hold_joins();
  auto reply = begin(move_to(other));
  node.run();
  crash(target);
  crash(other);
  CHECK(reply.failed_with(errc::target_down));
  put(third);
  CHECK(third.log() == strings{"join {}", "message 1 a again"});
}

// -- twice --------------------------------------------------------------------

TEST_CASE_FIXTURE(redelivering_client,
                  "a message that two in a row crash on is "
                  "not tried again") {
  target.hold();
  say("a");
  crash(target);
  other.hold();
  put(other);
  CHECK(other.log() == strings{"join {}", "message 1 a again"});
  crash(other);
  CHECK(client->close_frame()
        == client_close{1011, "target failed: connect again"});
  CHECK(client->exit_reason());
  put(third);
  CHECK(third.log().empty());
}

TEST_CASE_FIXTURE(redelivering_client,
                  "a message that two in a row crash on is "
                  "not tried again by a transfer either") {
  target.hold();
  say("a");
  crash(target);
  other.hold();
  put(other);
  third.hold_joins();
  auto reply = begin(move_to(third));
  node.run();
  crash(other);
  third.release();
  node.run();
  CHECK_FALSE(client->is_open());
  CHECK(third.messages().empty());
}

TEST_CASE_FIXTURE(redelivering_client, "who has answered what came again may "
                                       "crash on something else") {
  target.hold();
  say("a");
  crash(target);
  put(other);
  other.hold();
  say("b");
  crash(other);
  CHECK(client->is_open());
  put(third);
  CHECK(third.log() == strings{"join {}", "message 2 b again"});
}

TEST_CASE_FIXTURE(redelivering_client, "an end that is no crash does not count "
                                       "against a message") {
  target.hold();
  say("a");
  end(target, lost_node);
  other.hold();
  put(other);
  end(other, lost_node);
  CHECK(client->is_open());
  put(third);
  CHECK(third.log() == strings{"join {}", "message 1 a again"});
}

TEST_CASE_FIXTURE(redelivering_client, "a successor that crashes before it has "
                                       "joined has not had the message") {
  target.hold();
  say("a");
  crash(target);
  other.hold_joins();
  put(other);
  crash(other);
  CHECK(client->is_open());
  put(third);
  CHECK(third.log() == strings{"join {}", "message 1 a again"});
}

TEST_CASE_FIXTURE(redelivering_client, "an answer that comes when the "
                                       "connection ends is ignored") {
  target.hold();
  say("a");
  crash(target);
  other.hold();
  put(other);
  client->stall();
  CHECK_FALSE(answer(ws_close{4000, ""}));
  CHECK(client->is_open());
  other.release();
  node.run();
  node.advance(fake_frame_port::close_timeout);
  CHECK_FALSE(client->is_open());
  CHECK(client->exit_reason());
}

// -- what the client is told --------------------------------------------------

TEST_CASE("a client is told how many are unanswered") {
  for (auto redeliver : {true, false}) {
    parkable on{with_events(redeliver)};
    on.say("a");
    on.target.hold();
    on.say("b");
    on.say("c");
    on.crash(on.target);
    on.say("d");
    on.put(on.other);
    auto waited = redeliver ? R"({"messages":3})" : R"({"messages":1})";
    CHECK(
        on.client->events()
        == std::vector{client_event{"relay.parked", parked_event("crashed", 2)},
                       client_event{"relay.resumed", waited}});
  }
}

// -- without ------------------------------------------------------------------

TEST_CASE_FIXTURE(parkable, "without it what a crash leaves unanswered is "
                            "gone") {
  say("a");
  target.hold();
  say("b");
  crash(target);
  say("c");
  put(other);
  CHECK(other.log() == strings{"join {}", "message 3 c"});
  crash(other); // and no message failed twice
  CHECK(client->is_open());
}

TEST_CASE_FIXTURE(parkable, "without it a node that is lost with messages ends "
                            "the connection") {
  target.hold();
  say("a");
  end(target, lost_node);
  CHECK(client->close_frame()
        == client_close{1011, "target lost: connect again"});
  CHECK(counts->parked == 0);
}

TEST_CASE_FIXTURE(parkable, "without it a node that is lost with everything "
                            "answered does not") {
  target.hold();
  say("a");
  target.release();
  node.run();
  end(target, lost_node);
  CHECK(is_parked());
}

} // namespace wsrelay::connection_redelivery_test
