// What a hostile client, or a bad target, can make of a connection that waits.
#include "test/actors/parked_client.hpp"

#include <deque>

namespace wsrelay::connection_parking_bounds_test {

using namespace wsrelay::test;

namespace {

struct few_messages : parkable {
  few_messages() : parkable{options_of()} {}

  static parkable_options options_of() {
    parkable_options result;
    result.parking.messages = 3;
    return result;
  }
};

struct again : parkable {
  again() : parkable{options_of()} {}

  static parkable_options options_of() {
    parkable_options result;
    result.parking = redelivering();
    return result;
  }

  // Takes the name, and leaves what comes unanswered.
  probe& put_mute() {
    auto& next = mute.emplace_back(node);
    next.hold();
    put(next);
    return next;
  }

  std::deque<probe> mute;
};

} // namespace

TEST_CASE_FIXTURE(few_messages, "a client that has gone gets no more past the "
                                "bound than one that is there") {
  crash(target);
  for (int i = 1; i <= 10; ++i)
    client->send_text(std::to_string(i));
  client->end_output();
  node.run();
  node.advance(20s); // the close timeout is over
  CHECK(client->is_paused());
  CHECK(lot->bytes() == 3 * (1 + queued_message_cost));
  put(other);
  CHECK(other.messages().size() == 10);
}

TEST_CASE_FIXTURE(parkable, "a target that ends before it has answered the "
                            "first join is followed by the next one") {
  third.hold_joins();
  auto early = connect(third);
  node.run();
  early.send_text("hello");
  crash(target); // it has the name
  end(third, lost_node);
  CHECK(early.is_open());
  CHECK(lot->connections() == 2);
  put(other);
  CHECK(other.log().front() == "join {}");
  CHECK(std::count(other.log().begin(), other.log().end(), "message 1 hello")
        == 1);
}

TEST_CASE_FIXTURE(parkable, "a target that refuses the first join is followed "
                            "by nobody") {
  third.refuse_joins(make_error(errc::busy));
  auto early = connect(third);
  node.run();
  REQUIRE(early.close_frame());
  CHECK(early.close_frame()->code == 1011);
  third.clear();
}

TEST_CASE_FIXTURE(again, "a message that outlives its targets three times does "
                         "not go to a fifth one") {
  target.hold();
  say("a");
  end(target, lost_node);
  for (int i = 0; i < 3; ++i) {
    CAPTURE(i);
    auto& next = put_mute();
    CHECK(next.log() == strings{"join {}", "message 1 a again"});
    CHECK(client->is_open());
    end(next, lost_node);
  }
  REQUIRE(client->close_frame());
  CHECK(client->close_frame()->code == 1011);
}

TEST_CASE_FIXTURE(parkable, "who is moved to a successor waits for the name of "
                            "before") {
  CHECK(node.put("elsewhere", other));
  ws_control move;
  move.target_pid = "elsewhere";
  SUBCASE("as one that has taken its place") {
    move.is_successor = true;
    CHECK_FALSE(answer(move));
    crash(target);
    crash(other);
    put(third, "elsewhere");
    CHECK(third.log().empty());
    put(third);
  }
  SUBCASE("or else for the new one") {
    CHECK_FALSE(answer(move));
    crash(target);
    crash(other);
    put(third);
    CHECK(third.log().empty());
    put(third, "elsewhere");
  }
  CHECK(third.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(parkable, "its numbers say whom a parked connection waits "
                            "for") {
  auto target_of = [&] {
    auto stats =
        node.request<connection_stats>(client->actor(), connection_stats_get{});
    REQUIRE(stats);
    return stats->numbers.target_pid;
  };
  CHECK(target_of().ends_with("@invalid-node"));
  crash(target);
  CHECK(target_of() == "parked:chat");
}

} // namespace wsrelay::connection_parking_bounds_test
