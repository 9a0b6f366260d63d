// When a quiet client gets a ping, and when it is dead.
#include "net/ws/liveness.hpp"

#include "test/net/support.hpp"

#include <doctest/doctest.h>

namespace wsrelay::liveness_test {

using namespace std::chrono_literals;
using verdict = liveness::verdict;

namespace {

relay_options make_options(std::optional<milliseconds> interval) {
  relay_options result;
  result.ping_interval = interval;
  result.pong_timeout = 10s;
  return result;
}

struct fixture {
  fixture() { life.start(begin); }

  // What is decided `after` the start, when the last byte came at `heard`.
  verdict check(milliseconds after, milliseconds heard) {
    return life.check(begin + after, after - heard);
  }

  milliseconds next() const {
    return std::chrono::duration_cast<milliseconds>(life.next() - begin);
  }

  const time_point begin = time_point{} + 1h;
  const relay_options options = make_options(25s);
  liveness life{options};
};

} // namespace

TEST_CASE("without an interval nothing is ever due") {
  auto options = make_options(std::nullopt);
  liveness life{options};
  life.start(time_point{} + 1h);
  CHECK(life.next() == time_point::max());
}

TEST_CASE_FIXTURE(fixture, "the first check is due after one interval") {
  CHECK(next() == 25s);
}

TEST_CASE_FIXTURE(fixture, "a client that was heard within the interval gets "
                           "no ping") {
  SUBCASE("half of it ago") {
    CHECK(check(25s, 12500ms) == verdict::alive);
    CHECK(next() == 37500ms);
  }
  SUBCASE("just within it") {
    CHECK(check(25s, 1ms) == verdict::alive);
    CHECK(next() == 25s + 1ms);
  }
}

TEST_CASE_FIXTURE(fixture, "a ping goes out when the interval is over") {
  CHECK(check(25s, 0s) == verdict::ping);
  CHECK(next() == 35s);
}

TEST_CASE_FIXTURE(fixture, "a client that answers nothing is dead after the "
                           "timeout") {
  REQUIRE(check(25s, 0s) == verdict::ping);
  CHECK(check(35s, 0s) == verdict::dead);
}

TEST_CASE_FIXTURE(fixture, "any byte after the ping counts as an answer") {
  REQUIRE(check(25s, 0s) == verdict::ping);
  SUBCASE("at once") {
    CHECK(check(35s, 25s) == verdict::alive);
    CHECK(next() == 50s);
  }
  SUBCASE("half way") {
    CHECK(check(35s, 30s) == verdict::alive);
    CHECK(next() == 55s);
  }
  SUBCASE("at the last moment") {
    CHECK(check(35s, 35s) == verdict::alive);
    CHECK(next() == 60s);
  }
}

// Linux counts in jiffies of 1 to 10 ms and rounds both ends: what came 0.1 ms
// after the ping can look as if it had come 10 ms before.
TEST_CASE_FIXTURE(fixture, "an answer at once counts, though the kernel's "
                           "clock is coarse") {
  REQUIRE(check(25s, 0s) == verdict::ping);
  CHECK(check(35s, 25s - 10ms) == verdict::alive);
}

TEST_CASE_FIXTURE(fixture, "what came before the ping is no answer to it") {
  REQUIRE(check(25s, 0s) == verdict::ping);
  CHECK(check(35s, 25s - 11ms) == verdict::dead);
}

TEST_CASE_FIXTURE(fixture, "each ping wants its own answer") {
  REQUIRE(check(25s, 0s) == verdict::ping);
  REQUIRE(check(35s, 26s) == verdict::alive);
  REQUIRE(check(51s, 26s) == verdict::ping);
  CHECK(check(61s, 26s) == verdict::dead);
}

TEST_CASE_FIXTURE(fixture, "an interval shorter than the timeout pings again") {
  auto options = make_options(1s);
  liveness quick{options};
  quick.start(begin);
  REQUIRE(quick.check(begin + 1s, 1s) == verdict::ping);
  CHECK(quick.check(begin + 11s, 9s) == verdict::ping);
  CHECK(quick.next() == begin + 21s);
}

// Known failure 28: a large message before the ping killed a slow line.
TEST_CASE_FIXTURE(fixture, "a client that takes what stands before its ping "
                           "has the timeout from there") {
  auto look = [&](milliseconds after, std::uint64_t arrived) {
    return life.check(begin + after, after, {1000, arrived});
  };
  REQUIRE(look(25s, 100) == verdict::ping);
  CHECK(look(35s, 101) == verdict::alive);
  CHECK(next() == 45s);
  SUBCASE("a little of it again and again") {
    CHECK(look(45s, 102) == verdict::alive);
    CHECK(look(55s, 103) == verdict::alive);
  }
  SUBCASE("and then no more of it") {
    CHECK(look(45s, 101) == verdict::dead);
  }
  SUBCASE("the rest of it, and does not answer") {
    CHECK(look(45s, 1000) == verdict::alive);
    CHECK(next() == 55s);
    CHECK(look(55s, 1002) == verdict::dead);
  }
  SUBCASE("the rest of it, and answers") {
    REQUIRE(look(45s, 1000) == verdict::alive);
    CHECK(life.check(begin + 55s, 1s, {1002, 1002}) == verdict::alive);
    CHECK(next() == 54s + 25s);
  }
}

TEST_CASE_FIXTURE(fixture, "who has all that stands before its ping has the "
                           "timeout once") {
  REQUIRE(life.check(begin + 25s, 25s, {1000, 1000}) == verdict::ping);
  CHECK(life.check(begin + 35s, 35s, {1002, 1002}) == verdict::dead);
}

TEST_CASE("a peer that acknowledges and sends nothing shows one sign of life") {
  test::plain_listener listener;
  auto peer = test::plain_socket::connect_to(listener.port());
  auto socket = listener.accept();
  auto quiet = [&](life_sign kind) {
    return *last_heard(socket.descriptor(), kind);
  };
  // Both count from the start until something comes.
  REQUIRE(test::holds_soon([&] { return quiet(life_sign::ack) > 50ms; }));
  socket.send("ping");
  CHECK(test::holds_soon(
      [&] { return quiet(life_sign::ack) < quiet(life_sign::data); }));
}

TEST_CASE_FIXTURE(fixture, "a kernel that does not answer kills nobody") {
  CHECK(life.check(begin + 25s, std::nullopt) == verdict::alive);
  CHECK(next() == 50s);
  CHECK(!last_heard(-1, life_sign::data));
}

} // namespace wsrelay::liveness_test
