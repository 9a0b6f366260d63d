// Transfers that fail: the old target keeps the connection and never notices.
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::transfer_failure_test {

using namespace wsrelay::test;

namespace {

// Checks that the old target owns the client as if nothing had been.
void check_rolled_back(connected& on) {
  CHECK_FALSE(on.client.is_paused());
  on.target.clear();
  on.say("after");
  REQUIRE(on.target.messages().size() == 1);
  CHECK(on.target.log().size() == 1);
  CHECK(on.target.messages()[0].metadata.view() == "{}");
  CHECK(on.target.messages()[0].topic.view() == "ws.message");
  CHECK(on.client.received().empty());
  CHECK_FALSE(on.answer(move_to(on.target)));
}

// A transfer that would change everything.
ws_control big_move(const caf::actor& target) {
  auto result = move_to(target);
  result.message_topic = std::string{"new"};
  result.metadata = shared_buffer{R"({"new":1})"};
  result.heartbeat_interval = milliseconds{1};
  return result;
}

} // namespace

// Known failure 7: a transfer to a dead target closed the connection.
TEST_CASE_FIXTURE(connected, "a transfer to a dead target is rolled back") {
  other.end();
  node.run();
  CHECK(is(answer(big_move(other)), errc::target_down));
  check_rolled_back(*this);
}

TEST_CASE_FIXTURE(connected, "a transfer to an unknown name is rolled back") {
  CHECK(is(answer(move_to_name("nobody")), errc::no_such_target));
  check_rolled_back(*this);
}

TEST_CASE_FIXTURE(connected, "a transfer to no name at all is refused") {
  CHECK(is(answer(move_to_name("\xFF")), errc::no_such_target));
  CHECK(is(answer(move_to_name("a@")), errc::no_such_target));
  CHECK(is(answer(move_to_name("0@" + to_string(node.system().node()))),
           errc::no_such_target));
  check_rolled_back(*this);
}

TEST_CASE_FIXTURE(connected, "a transfer to an unknown node is rolled back") {
  auto unknown = "7@" + std::string(40, 'A') + "#1";
  CHECK(is(answer(move_to_name(unknown)), errc::no_such_target));
  CHECK(is(answer(move_to_name("chat@elsewhere")), errc::no_such_target));
  check_rolled_back(*this);
}

TEST_CASE_FIXTURE(connected, "a transfer to a target that refuses is rolled "
                             "back, and it hears no more") {
  other.refuse_joins(make_error(errc::busy));
  CHECK(is(answer(big_move(other)), errc::target_refused));
  check_rolled_back(*this);
  CHECK(other.log() == strings{R"(join {"new":1})"});
}

TEST_CASE_FIXTURE(connected, "a transfer to an actor that knows no join is "
                             "rolled back") {
  auto stranger = node.system().spawn([](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    return caf::behavior{[](int) {}};
  });
  CHECK(is(answer(big_move(stranger)), errc::target_refused));
  check_rolled_back(*this);
  caf::anon_send_exit(stranger, caf::exit_reason::kill);
}

TEST_CASE("a silent target is given up at its timeout, not before") {
  connected on{{.join_timeout = milliseconds{1000}}};
  on.other.hold_joins();
  auto reply = on.begin(big_move(on.other));
  on.node.advance(milliseconds{500});
  CHECK_FALSE(reply.answered());
  on.node.advance(milliseconds{499});
  CHECK_FALSE(reply.answered());
  CHECK(on.client.is_paused());
  on.node.advance(milliseconds{1});
  CHECK(reply.failed_with(errc::target_silent));
  CHECK(to_text(reply.error())
        == "target_silent: the target did not answer in time");
  CHECK(on.other.log()
        == strings{R"(join {"new":1})", "leave rolled_back 0 last=0"});
  check_rolled_back(on);
  on.other.release(); // too late
  on.node.run();
  check_rolled_back(on);
  CHECK(on.other.log().size() == 2);
}

TEST_CASE("a target that answers just before the timeout gets the client") {
  connected on{{.join_timeout = milliseconds{1000}}};
  on.other.hold_joins();
  auto reply = on.begin(move_to(on.other));
  on.node.advance(milliseconds{999});
  on.other.release();
  on.node.run();
  CHECK(reply.succeeded());
  on.node.advance(milliseconds{10'000});
  CHECK(on.client.is_open());
  CHECK(on.other.log() == strings{"join {}"});
}

TEST_CASE("after a rollback the same target may be tried again") {
  connected on{{.join_timeout = milliseconds{1000}}};
  on.other.hold_joins();
  auto first = on.begin(move_to(on.other));
  on.node.advance(milliseconds{1000});
  auto second = on.begin(move_to(on.other));
  on.node.run();
  on.other.release(); // answers both, the late one first
  on.node.run();
  CHECK(second.succeeded());
  on.say("a");
  CHECK(on.other.log()
        == strings{"join {}", "leave rolled_back 0 last=0", "join {}",
                   "message 1 a"});
}

TEST_CASE_FIXTURE(connected, "a target that dies while it is asked is rolled "
                             "back") {
  other.hold_joins();
  auto reply = begin(big_move(other));
  node.run();
  other.crash();
  node.run();
  CHECK(reply.failed_with(errc::target_down));
  check_rolled_back(*this);
}

TEST_CASE_FIXTURE(connected, "what the client sends during a failed transfer "
                             "goes to the old target") {
  other.hold_joins();
  auto reply = begin(move_to(other));
  node.run();
  say("a");
  say("b");
  other.end();
  node.run();
  CHECK(target.log() == strings{"join {}", "message 1 a", "message 2 b"});
}

TEST_CASE_FIXTURE(connected, "controls behind a failed transfer still happen") {
  other.hold_joins();
  auto first = begin(move_to(other));
  ws_control control;
  control.message_topic = std::string{"later"};
  auto second = begin(control);
  node.run();
  other.end();
  node.run();
  CHECK(first.failed_with(errc::target_down));
  CHECK(second.succeeded());
  say("a");
  CHECK(target.messages()[0].topic.view() == "later");
}

TEST_CASE_FIXTURE(connected, "the old target's end during a transfer does not "
                             "end the connection") {
  other.hold_joins();
  auto reply = begin(move_to(other));
  node.run();
  target.crash();
  client.send_text("a");
  node.run();
  CHECK(client.is_open());
  other.release();
  node.run();
  CHECK(reply.succeeded());
  CHECK(other.log() == strings{"join {}", "message 1 a"});
}

TEST_CASE_FIXTURE(connected,
                  "when both targets end, the old one's end decides") {
  other.hold_joins();
  auto reply = begin(move_to(other));
  node.run();
  target.end(caf::exit_reason::user_shutdown);
  node.run();
  other.crash();
  node.run();
  CHECK(reply.failed_with(errc::target_down));
  CHECK(client.close_frame()
        == client_close{1001, "target shut down: connect again"});
}

TEST_CASE("the old target's end and a silent new one end the connection") {
  connected on{{.join_timeout = milliseconds{1000}}};
  on.other.hold_joins();
  auto reply = on.begin(move_to(on.other));
  on.node.run();
  on.target.end();
  on.node.advance(milliseconds{1000});
  CHECK(reply.failed_with(errc::target_silent));
  CHECK(on.client.close_frame()
        == client_close{1000, "target ended: nothing more comes"});
  CHECK(on.other.log() == strings{"join {}", "leave rolled_back 0 last=0"});
}

TEST_CASE_FIXTURE(connected, "a client that closes during a transfer leaves "
                             "both targets") {
  other.hold_joins();
  say("a");
  auto reply = begin(move_to(other));
  auto waiting = begin(ws_control{});
  node.run();
  client.close(1000);
  node.run();
  CHECK(reply.failed_with(errc::closing));
  CHECK(waiting.failed_with(errc::closing));
  CHECK(target.log().back() == "leave client_closed 1000 last=1");
  CHECK(other.log() == strings{"join {}", "leave client_closed 1000 last=0"});
  other.release();
  node.run();
  CHECK(other.log().size() == 2);
}

} // namespace wsrelay::transfer_failure_test
