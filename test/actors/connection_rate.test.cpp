// Clients that send too fast: they are not read for a while, and those that
// never slow down are closed.
#include "test/actors/rated_client.hpp"

#include "actors/ending.hpp"

#include <chrono>
#include <optional>

namespace wsrelay::connection_rate_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

constexpr auto& ten = ten_messages;

/// A thousand bytes at once, then one in a millisecond.
constexpr rate_options thousand_bytes{.bytes = 1'000, .burst = 1s};

const client_close too_fast{
    1008, "too fast: send less at a time, then connect again"};

} // namespace

// -- messages -----------------------------------------------------------------

TEST_CASE("a burst of messages is read at once, and not one more") {
  rated on{ten};
  on.send(9);
  CHECK(on.relayed() == 9);
  CHECK_FALSE(on.client->is_paused());
  CHECK(on.counts->held_back == 0);
  on.send(1);
  CHECK(on.relayed() == 10);
  CHECK(on.client->is_paused());
  CHECK(on.counts->held_back == 1);
  on.send(5);
  CHECK(on.relayed() == 10);
}

TEST_CASE("then a message is read as soon as its time comes") {
  rated on{ten};
  on.send(15);
  for (std::size_t i = 11; i <= 15; ++i) {
    CAPTURE(i);
    on.node.advance(99ms);
    CHECK(on.relayed() == i - 1);
    on.node.advance(1ms);
    CHECK(on.relayed() == i);
    CHECK(on.client->is_paused());
    CHECK(on.counts->held_back == i - 9);
  }
  on.node.advance(99ms);
  CHECK(on.client->is_paused());
  on.node.advance(1ms);
  CHECK_FALSE(on.client->is_paused());
  on.check_got(15);
  CHECK(on.counts->ended == 0);
}

TEST_CASE("a client that was silent has its burst again, and no more") {
  rated on{ten};
  on.send(10);
  on.node.advance(1h);
  on.send(11);
  CHECK(on.relayed() == 20);
  CHECK(on.client->is_paused());
}

TEST_CASE("a client within its rate is never held back") {
  rated on{ten};
  for (auto i = 0; i < 1'000; ++i) {
    on.send(1);
    CHECK_FALSE(on.client->is_paused());
    on.node.advance(100ms);
  }
  on.check_got(1'000);
  CHECK(on.counts->held_back == 0);
}

TEST_CASE("without a rate no client is held back") {
  rated on{rate_options{}};
  on.send(10'000);
  on.send_bytes(1'000'000);
  CHECK(on.relayed() == 10'001);
  CHECK_FALSE(on.client->is_paused());
  CHECK(on.counts->held_back == 0);
  CHECK(on.counts->ended == 0);
}

// -- bytes --------------------------------------------------------------------

TEST_CASE("bytes are read until they are more than the burst") {
  rated on{thousand_bytes};
  on.send_bytes(999);
  CHECK_FALSE(on.client->is_paused());
  on.send_bytes(1);
  CHECK_FALSE(on.client->is_paused());
  on.send_bytes(1);
  CHECK(on.client->is_paused());
  CHECK(on.counts->held_back == 1);
  on.node.advance(1ms);
  CHECK_FALSE(on.client->is_paused());
  on.send_bytes(100);
  on.send_bytes(1);
  on.node.advance(99ms);
  CHECK(on.relayed() == 4);
  on.node.advance(1ms);
  CHECK(on.relayed() == 5);
}

TEST_CASE("a message larger than the burst passes, and is paid for "
          "afterwards") {
  rated on{thousand_bytes};
  on.send_bytes(10'000);
  on.send_bytes(1);
  CHECK(on.relayed() == 1);
  CHECK(on.client->is_paused());
  on.node.advance(9s - 1ms);
  CHECK(on.relayed() == 1);
  on.node.advance(1ms);
  CHECK(on.relayed() == 2);
  CHECK(on.target.messages()[0].data.size() == 10'000);
}

TEST_CASE("empty messages cost no bytes") {
  rated on{thousand_bytes};
  for (auto i = 0; i < 1'000; ++i)
    on.client->send_text("");
  on.node.run();
  CHECK(on.relayed() == 1'000);
  CHECK_FALSE(on.client->is_paused());
}

TEST_CASE("of messages and bytes the one counts that lasts longer") {
  rated on{{.messages = 10, .bytes = 1'000, .burst = 1s}};
  SUBCASE("bytes") {
    on.send_bytes(1'500);
    on.send(1);
    on.node.advance(499ms);
    CHECK(on.relayed() == 1);
    on.node.advance(1ms);
    CHECK(on.relayed() == 2);
  }
  SUBCASE("messages") {
    on.send(11);
    on.node.advance(99ms);
    CHECK(on.relayed() == 10);
    on.node.advance(1ms);
    CHECK(on.relayed() == 11);
  }
}

// -- patience -----------------------------------------------------------------

TEST_CASE("a client that is too fast for too long is closed, not before") {
  rated on{with_patience(ten, 5'050ms)};
  on.send(1'000);
  on.node.advance(5'049ms);
  CHECK(on.client->is_open());
  CHECK(on.counts->ended == 0);
  on.node.advance(1ms);
  CHECK_FALSE(on.client->is_open());
  CHECK(on.client->close_frame() == too_fast);
  CHECK(on.target.log().back() == "leave protocol_error 1008 last=60");
  on.check_got(60);
  CHECK(on.counts->ended == 1);
  CHECK(on.counts->held_back == 51);
  auto info = to_close_info(on.client->exit_reason().value());
  REQUIRE(info);
  CHECK(info->reason == leave_reason::protocol_error);
  on.node.advance(1h);
  CHECK(on.counts->ended == 1);
}

TEST_CASE("its time begins when it is held back first") {
  rated on{with_patience(ten, 5'050ms)};
  on.send(9);
  on.node.advance(850ms); // 50 ms before all of its time is back
  on.send(1'000);
  on.node.advance(5'049ms);
  CHECK(on.client->is_open());
  on.node.advance(1ms);
  CHECK(on.client->close_frame() == too_fast);
}

TEST_CASE("the time that one large message takes is not that of a fast one") {
  rated on{with_patience({.bytes = 1'000, .burst = 1'000ms}, 5s)};
  on.send_bytes(101'000); // 100 seconds
  CHECK(on.client->is_paused());
  on.node.advance(99'999ms);
  CHECK(on.client->is_paused());
  on.node.advance(1ms);
  CHECK_FALSE(on.client->is_paused());
  on.node.advance(1h);
  CHECK(on.client->is_open());
  CHECK(on.counts->ended == 0);
}

TEST_CASE("a client that pauses for long enough in between stays") {
  rated on{with_patience(ten, 5s)};
  // Two seconds' messages, and all of its time comes back just in time.
  for (auto i = 0; i < 100; ++i) {
    on.send(20);
    on.node.advance(2s);
  }
  CHECK(on.client->is_open());
  on.check_got(2'000);
  CHECK(on.counts->ended == 0);
}

TEST_CASE("a client that pauses a little too short does not") {
  rated on{with_patience(ten, 5s)};
  for (auto i = 0; i < 10; ++i) {
    on.send(20);
    on.node.advance(2s - 1ms);
  }
  CHECK(on.client->close_frame() == too_fast);
  CHECK(on.counts->ended == 1);
}

TEST_CASE("with endless patience no client is closed") {
  rated on{with_patience(ten, std::nullopt)};
  on.send(1'000);
  on.node.advance(100s);
  CHECK(on.client->is_open());
  on.check_got(1'000);
  CHECK(on.counts->ended == 0);
}

// -- what else happens meanwhile ----------------------------------------------

TEST_CASE("a full window and a rate hold back, each for itself") {
  rated on{ten, {.window = 4}};
  on.target.hold();
  on.send(20);
  CHECK(on.relayed() == 4);
  on.node.advance(10s);
  CHECK(on.relayed() == 4);
  on.target.release();
  on.node.run();
  CHECK(on.relayed() == 14);
  on.node.advance(100ms);
  CHECK(on.relayed() == 15);
  on.node.advance(1s);
  on.check_got(20);
  CHECK_FALSE(on.client->is_paused());
}

TEST_CASE("a rate that lets go does not open a window that is full") {
  rated on{ten, {.window = 10}};
  on.target.hold();
  on.send(20);
  on.node.advance(100ms);
  CHECK(on.client->is_paused());
  CHECK(on.relayed() == 10);
  on.target.release();
  on.node.run();
  CHECK(on.relayed() == 11);
  on.node.advance(900ms);
  on.check_got(20);
}

TEST_CASE("what is held back goes to the target of a transfer") {
  rated on{ten};
  on.send(15);
  SUBCASE("that is done at once") {
    CHECK_FALSE(on.answer(move_to(on.other)));
    CHECK(on.other.messages().empty());
    on.node.advance(99ms);
    CHECK(on.other.messages().empty());
    on.node.advance(1ms);
    CHECK(on.other.messages().size() == 1);
    on.node.advance(400ms);
  }
  SUBCASE("that takes longer than the rate") {
    on.other.hold_joins();
    on.node.send(on.client->actor(), move_to(on.other));
    on.node.advance(1s);
    CHECK(on.client->is_paused());
    CHECK(on.relayed() == 10);
    on.other.release();
    on.node.run();
  }
  CHECK(on.relayed() == 10);
  on.check_got(15);
}

TEST_CASE("what is held back stays the owner's when a transfer fails") {
  rated on{ten};
  on.send(12);
  on.other.refuse_joins(make_error(errc::busy));
  CHECK(is(on.answer(move_to(on.other)), errc::target_refused));
  on.node.advance(200ms);
  CHECK(on.relayed() == 12);
  on.check_got(12);
}

} // namespace wsrelay::connection_rate_test
