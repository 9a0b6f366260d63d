// The end of a session's time while something else is under way.
#include "test/actors/expiring_client.hpp"

#include <doctest/doctest.h>

namespace wsrelay::connection_expiry_phases_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

TEST_CASE("a connection that is binding closes at its time") {
  expiring on{in(day), {}, true};
  on.check_ends_in(day);
  CHECK(on.client->close_frame() == usual_close);
  CHECK(on.target.log() == strings{"join {}", "leave expired 4401 last=0"});
  on.target.release(); // too late
  on.node.run();
}

TEST_CASE("with a transfer under way both targets hear of it") {
  expiring on;
  on.other.hold_joins();
  auto reply =
      on.node.begin_request<void>(on.client->actor(), move_to(on.other));
  on.check_ends_in(day);
  CHECK(on.client->close_frame() == usual_close);
  CHECK(reply.failed_with(errc::closing));
  CHECK(on.target.log().back() == "leave expired 4401 last=0");
  CHECK(on.other.log() == strings{"join {}", "leave expired 4401 last=0"});
}

TEST_CASE("a time that comes with a transfer counts once that is done") {
  expiring on;
  SUBCASE("later") {
    CHECK_FALSE(on.answer(move_until(on.other, in(2 * day))));
    on.check_ends_in(2 * day);
  }
  SUBCASE("not while it is under way") {
    on.other.hold_joins();
    on.node.send(on.client->actor(), move_until(on.other, in(2 * day)));
    on.check_ends_in(day);
  }
  SUBCASE("earlier") {
    on.other.hold_joins();
    on.node.send(on.client->actor(), move_until(on.other, in(day / 4)));
    on.node.advance(day / 2);
    CHECK(on.client->is_open());
    on.other.release(); // that time is over by now
    on.node.run();
  }
  CHECK(on.client->close_frame() == usual_close);
  CHECK(on.other.log().back() == "leave expired 4401 last=0");
}

TEST_CASE("a transfer without a time keeps the one there is") {
  expiring on;
  CHECK_FALSE(on.answer(move_to(on.other)));
  on.check_ends_in(day);
  CHECK(on.other.log().back() == "leave expired 4401 last=0");
}

TEST_CASE("a transfer that is rolled back keeps the old time") {
  expiring on;
  on.other.refuse_joins(make_error(errc::busy));
  for (auto time : {0ms, 1ms, in(2 * day), in(4h)})
    CHECK(is(on.answer(move_until(on.other, time)), errc::target_refused));
  on.check_ends_in(day);
  CHECK(on.target.log().back() == "leave expired 4401 last=0");
}

TEST_CASE("a control behind a transfer moves the time when that is done") {
  expiring on;
  on.other.hold_joins();
  on.node.send(on.client->actor(), move_to(on.other));
  on.node.send(on.client->actor(), until(in(3 * day)));
  on.node.advance(day / 2);
  on.other.release();
  on.node.run();
  on.node.advance(day); // which the old time is within
  CHECK(on.client->is_open());
  on.node.advance(2 * day);
  CHECK(on.client->close_frame() == usual_close);
}

TEST_CASE("a time alone does not wait for a transfer") {
  expiring on;
  on.other.hold_joins();
  on.node.send(on.client->actor(), move_to(on.other));
  SUBCASE("it comes while that is under way") {
    CHECK_FALSE(on.answer(until(in(day / 2))));
    on.check_ends_in(day / 2);
  }
  SUBCASE("it stays when that is done") {
    CHECK_FALSE(on.answer(until(in(day / 2))));
    on.other.release();
    on.node.run();
    on.check_ends_in(day / 2);
  }
  SUBCASE("it stays when that is rolled back") {
    on.node.run();
    CHECK_FALSE(on.answer(until(in(2 * day))));
    on.other.crash();
    on.node.run();
    on.check_ends_in(2 * day);
  }
  CHECK(on.client->close_frame() == usual_close);
}

} // namespace wsrelay::connection_expiry_phases_test
