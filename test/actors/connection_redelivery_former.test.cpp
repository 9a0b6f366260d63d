// Former owners of a connection that parks: what they have not answered when
// they end, after a goodbye of their node or after a transfer.
#include "test/actors/parked_client.hpp"

namespace wsrelay::connection_redelivery_former_test {

using namespace wsrelay::test;

namespace {

// A target that answers no message and no leave.
caf::behavior mute(caf::event_based_actor* self) {
  return {
      [](const ws_join&) {},
      [self](const ws_message&) -> caf::result<void> {
        return self->make_response_promise();
      },
      [self](const ws_leave&) -> caf::result<void> {
        return self->make_response_promise();
      },
  };
}

// The client's target is such a one, "mute", and has one message.
struct behind : parkable {
  caf::actor former = node.system().spawn(mute);

  explicit behind(bool redeliver)
      : parkable{{.parking = redeliver ? redelivering() : after_all()}} {
    CHECK(node.put("mute", former));
    CHECK_FALSE(answer(move_to_name("mute")));
    say("a");
  }

  ~behind() {
    client->lose();
    node.run();
    caf::anon_send_exit(former, caf::exit_reason::kill);
    former = nullptr;
    node.run();
  }

  // Somebody takes the name, and the former one is not waited for any more.
  void follow(probe& who) {
    put(who, "mute");
    node.advance(10s);
  }

  void end_former(caf::exit_reason reason) {
    caf::anon_send_exit(former, reason);
    node.run();
  }
};

struct redelivering_behind : behind {
  redelivering_behind() : behind{true} {}
};

struct forgetful_behind : behind {
  forgetful_behind() : behind{false} {}
};

} // namespace

// -- after a goodbye ----------------------------------------------------------

TEST_CASE("who answers its leave owes nothing, whatever comes then") {
  const std::vector<void (*)(parkable&)> ends{
      [](parkable& on) { on.end(on.target, lost_node); },
      [](parkable& on) { on.crash(on.target); }, [](parkable&) {}, // it lives
  };
  for (auto end : ends)
    for (auto redeliver : {true, false}) {
      parkable on{{.parking = redeliver ? redelivering() : after_all()}};
      on.target.hold();
      on.say("a");
      on.say_goodbye();
      CHECK(on.target.log()
            == strings{"join {}", "message 1 a", "leave shutdown 0 last=1"});
      end(on);
      on.say("b");
      on.put(on.other);
      CHECK(on.client->is_open());
      CHECK(on.other.log() == strings{"join {}", "message 2 b"});
    }
}

TEST_CASE_FIXTURE(redelivering_behind, "who is lost before it has answered its "
                                       "leave is followed") {
  say_goodbye("mute");
  say("b");
  SUBCASE("before there is a successor") {
    end_former(lost_node);
    CHECK(client->is_open());
    put(other, "mute");
    CHECK(other.log()
          == strings{"join {}", "message 1 a again", "message 2 b"});
  }
  SUBCASE("when there is one already") {
    follow(other);
    CHECK(other.log() == strings{"join {}", "message 2 b"});
    end_former(lost_node);
    CHECK(other.log()
          == strings{"join {}", "message 2 b", "message 1 a again"});
    client->close();
    node.run();
    CHECK(other.log().back() == "leave client_closed 1000 last=2");
  }
  SUBCASE("while one is asked") {
    other.hold_joins();
    follow(other);
    end_former(lost_node);
    other.release();
    node.run();
    CHECK(other.log()
          == strings{"join {}", "message 1 a again", "message 2 b"});
  }
}

TEST_CASE_FIXTURE(forgetful_behind, "without redelivery who is lost before it "
                                    "has answered its leave ends the "
                                    "connection") {
  say_goodbye("mute");
  SUBCASE("before there is a successor") {
    end_former(lost_node);
    CHECK(other.log().empty());
  }
  SUBCASE("when there is one already") {
    follow(other);
    end_former(lost_node);
    CHECK(other.log() == strings{"join {}", "leave target_down 1011 last=0"});
  }
  CHECK(client->close_frame()
        == client_close{1011, "target lost: connect again"});
  CHECK(client->exit_reason());
}

TEST_CASE_FIXTURE(forgetful_behind,
                  "without redelivery another end of a former "
                  "target is its own affair") {
  say_goodbye("mute");
  end_former(caf::exit_reason::kill);
  say("b");
  put(other, "mute");
  CHECK(client->is_open());
  CHECK(other.log() == strings{"join {}", "message 2 b"});
}

TEST_CASE_FIXTURE(redelivering_behind, "a former target that is never lost "
                                       "holds up nothing") {
  say_goodbye("mute");
  client->close();
  node.run();
  CHECK(client->exit_reason());
  CHECK(lot->connections() == 0);
}

TEST_CASE_FIXTURE(redelivering_behind, "what a former target owes is among the "
                                       "last words") {
  say_goodbye("mute");
  end_former(lost_node);
  client->close();
  node.run();
  put(other, "mute");
  CHECK(other.log()
        == strings{"join {}", "message 1 a again",
                   "leave client_closed 1000 last=1"});
}

// -- after a transfer ---------------------------------------------------------

TEST_CASE_FIXTURE(redelivering_behind, "what is unanswered where a connection "
                                       "has moved on comes again") {
  CHECK_FALSE(answer(move_to(other)));
  say("b");
  end_former(lost_node);
  say("c");
  CHECK(client->is_open());
  CHECK(
      other.log()
      == strings{"join {}", "message 2 b", "message 1 a again", "message 3 c"});
}

TEST_CASE_FIXTURE(redelivering_behind,
                  "a target that owns the connection again "
                  "and crashes has failed once") {
  CHECK_FALSE(answer(move_to(other)));
  CHECK_FALSE(answer(move_to(former)));
  say("b");
  end_former(caf::exit_reason::kill);
  CHECK(client->is_open());
  CHECK_FALSE(answer(move_to(third)));
  CHECK(third.log()
        == strings{"join {}", "message 1 a again", "message 2 b again"});
}

TEST_CASE_FIXTURE(redelivering_behind, "a target that has parted twice owes "
                                       "what it had both times") {
  CHECK_FALSE(answer(move_to(other)));
  CHECK_FALSE(answer(move_to(former)));
  say("b");
  CHECK_FALSE(answer(move_to(other)));
  end_former(lost_node);
  CHECK(client->is_open());
  CHECK(other.log()
        == strings{"join {}", "leave transferred 0 last=0", "join {}",
                   "message 1 a again", "message 2 b again"});
}

TEST_CASE_FIXTURE(redelivering_behind, "a client that closes while a transfer "
                                       "replaces a crashed target is heard") {
  other.hold_joins();
  auto reply = begin(move_to(other));
  node.run();
  end_former(caf::exit_reason::kill);
  client->close();
  node.run();
  CHECK(reply.failed_with(errc::closing));
  CHECK(other.log() == strings{"join {}", "leave client_closed 1000 last=0"});
  put(third, "mute");
  CHECK(third.log()
        == strings{"join {}", "message 1 a again",
                   "leave client_closed 1000 last=1"});
}

} // namespace wsrelay::connection_redelivery_former_test
