// Transfers away from a target whose node is lost: what had been sent to it may
// never have arrived, and nobody else owns it.
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::transfer_lost_test {

using namespace wsrelay::test;

namespace {

constexpr auto lost = caf::exit_reason::remote_link_unreachable;

// A target that has not come to its ws.leave yet.
caf::behavior behind(caf::event_based_actor* self) {
  return {
      [](const ws_join&) {},
      [](const ws_message&) {},
      [self](const ws_leave&) -> caf::result<void> {
        return self->make_response_promise();
      },
  };
}

// A client that has moved from such a target to `other`.
struct moved_on : connected {
  caf::actor former = node.system().spawn(behind);

  moved_on() {
    CHECK_FALSE(answer(move_to(former)));
    say("a");
    CHECK_FALSE(answer(move_to(other)));
  }

  ~moved_on() {
    caf::anon_send_exit(former, caf::exit_reason::kill);
    former = nullptr;
    node.run();
  }

  void end_former(caf::exit_reason reason) {
    caf::anon_send_exit(former, reason);
    node.run();
  }
};

} // namespace

TEST_CASE_FIXTURE(connected, "a target that is lost with messages during a "
                             "transfer ends the connection") {
  other.hold_joins();
  say("a");
  auto reply = begin(move_to(other));
  node.run();
  target.end(lost);
  node.run();
  CHECK(reply.failed_with(errc::closing));
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
  CHECK(other.log() == strings{"join {}", "leave target_down 1011 last=0"});
}

// What its node does between its loss and the end of each of its actors.
TEST_CASE_FIXTURE(connected, "a message that comes back from a lost node has "
                             "not arrived") {
  auto gone = node.system().spawn([]() -> caf::behavior {
    return {
        [](const ws_join&) {},
        [](const ws_message&) -> caf::result<void> {
          return caf::sec::request_receiver_down;
        },
        [](const ws_leave&) {},
    };
  });
  CHECK_FALSE(answer(move_to(gone)));
  other.hold_joins();
  for (int i = 0; i < 32; ++i) // a quarter of the window
    say("a");
  auto reply = begin(move_to(other));
  node.run();
  caf::anon_send_exit(gone, lost);
  node.run();
  CHECK(reply.failed_with(errc::closing));
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
}

TEST_CASE_FIXTURE(connected, "a target that is lost without messages during a "
                             "transfer does not end the connection") {
  other.hold_joins();
  auto reply = begin(move_to(other));
  node.run();
  target.end(lost);
  node.run();
  other.release();
  node.run();
  CHECK(reply.succeeded());
  say("a");
  CHECK(other.log() == strings{"join {}", "message 1 a"});
}

TEST_CASE_FIXTURE(moved_on, "a former target that is lost before it has "
                            "answered the leave ends the connection") {
  CHECK(client.is_open());
  end_former(lost);
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
  CHECK(other.log() == strings{"join {}", "leave target_down 1011 last=0"});
}

TEST_CASE_FIXTURE(moved_on, "any other end of a former target is its own "
                            "affair") {
  end_former(caf::exit_reason::kill);
  say("b");
  CHECK(client.is_open());
  CHECK(other.log() == strings{"join {}", "message 2 b"});
}

TEST_CASE_FIXTURE(moved_on, "a former target that owns the connection again is "
                            "watched as any owner") {
  CHECK_FALSE(answer(move_to(former)));
  end_former(caf::exit_reason::kill);
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
}

TEST_CASE_FIXTURE(moved_on, "a failed transfer back leaves a former target "
                            "watched") {
  auto there = begin(move_to(target));
  target.hold_joins();
  node.run();
  target.end();
  node.run();
  CHECK(there.failed_with(errc::target_down));
  end_former(lost);
  CHECK_FALSE(client.is_open());
}

TEST_CASE_FIXTURE(connected, "a former target that has answered the leave may "
                             "be lost") {
  say("a");
  CHECK_FALSE(answer(move_to(other)));
  target.end(lost);
  node.run();
  say("b");
  CHECK(client.is_open());
  CHECK(other.log() == strings{"join {}", "message 2 b"});
}

} // namespace wsrelay::transfer_lost_test
