// The end of a session's time, and how it is moved.
#include "test/actors/expiring_client.hpp"

#include <doctest/doctest.h>

namespace wsrelay::connection_expiry_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

// -- its time -----------------------------------------------------------------

TEST_CASE("a connection without a time does not end") {
  expiring on{0ms};
  on.check_never_ends();
}

TEST_CASE("a connection closes at its time, not before") {
  expiring on;
  on.check_ends_in(day);
  CHECK(on.client->close_frame() == usual_close);
}

TEST_CASE("it closes with the code and the reason of its route") {
  for (auto& [code, reason] :
       {client_close{3000, ""}, client_close{4999, std::string(123, 'r')}}) {
    expiry_options expiry;
    expiry.code = code;
    expiry.reason = reason;
    expiring on{in(day), expiry};
    on.node.advance(day);
    CHECK(on.client->close_frame() == client_close{code, reason});
  }
}

TEST_CASE("its target hears that the time is over, once") {
  expiring on;
  on.say("a");
  on.node.advance(day);
  on.node.advance(day);
  CHECK(on.target.log()
        == strings{"join {}", "message 1 a", "leave expired 4401 last=1"});
  REQUIRE(on.target.leaves().size() == 1);
  CHECK(on.target.leaves()[0].text == "session expired: log in again");
}

TEST_CASE("whoever monitors or links reads code and reason") {
  expiry_options expiry;
  expiry.code = 4000;
  expiry.reason = "log in again";
  expiring on{in(day), expiry};
  on.node.advance(day);
  REQUIRE(on.client->exit_reason());
  auto info = to_close_info(*on.client->exit_reason());
  REQUIRE(info);
  CHECK(info->reason == leave_reason::expired);
  CHECK(info->code == 4000);
  CHECK(info->text == "log in again");
}

TEST_CASE("what was sent before goes out before the close frame") {
  expiring on;
  on.node.advance(day - margin);
  on.node.send(on.client->actor(), ws_send{message_type::text, "last"});
  on.node.advance(margin);
  CHECK(on.client->received() == std::vector{text("last")});
  CHECK(on.client->close_frame() == usual_close);
}

TEST_CASE("messages and heartbeats do not put it off") {
  expiring on;
  ws_control heartbeats;
  heartbeats.heartbeat_interval = 1h;
  CHECK_FALSE(on.answer(heartbeats));
  for (int i = 0; i < 23; ++i) {
    on.say("x");
    on.node.advance(1h);
  }
  CHECK(on.target.heartbeats().size() >= 22);
  on.node.advance(1h);
  CHECK(on.client->close_frame() == usual_close);
}

TEST_CASE("a connection whose time is over closes at once") {
  for (auto time : {1ms, in(-day), in(-1ms), in(0ms)}) {
    expiring on{time};
    CHECK(on.client->close_frame() == usual_close);
    CHECK_FALSE(on.client->is_open());
    CHECK(on.target.log() == strings{"join {}", "leave expired 4401 last=0"});
  }
}

TEST_CASE("a client that closed before is not told of its time") {
  expiring on;
  on.client->close(4001, "bye");
  on.node.run();
  CHECK(on.client->close_frame() == client_close{4001, "bye"});
  on.node.advance(2 * day);
  CHECK(on.target.log()
        == strings{"join {}", "leave client_closed 4001 last=0"});
}

// Nanoseconds since 1970 have 64 bits until the year 2262.
TEST_CASE("a time may be as late as the year 9999") {
  constexpr milliseconds year_2262{9'223'372'036'854};
  for (auto time : {year_2262 - 1ms, year_2262, year_2262 + 1ms,
                    max_expires_at - 1ms, max_expires_at}) {
    CAPTURE(time.count());
    expiring on{time};
    on.check_never_ends();
    expiring moved;
    CHECK_FALSE(moved.answer(until(time)));
    moved.check_never_ends();
  }
}

// -- controls -----------------------------------------------------------------

TEST_CASE("its time is moved later") {
  expiring on;
  on.node.advance(day / 2);
  CHECK_FALSE(on.answer(until(in(2 * day))));
  on.check_ends_in(2 * day);
}

TEST_CASE("its time is moved earlier") {
  expiring on{in(10 * day)};
  CHECK_FALSE(on.answer(until(in(day))));
  on.check_ends_in(day);
}

TEST_CASE("a connection without a time gets one") {
  expiring on{0ms};
  CHECK_FALSE(on.answer(until(in(day))));
  on.check_ends_in(day);
}

TEST_CASE("with 0 its time does not end any more") {
  expiring on;
  CHECK_FALSE(on.answer(until(0ms)));
  on.check_never_ends();
}

TEST_CASE("a control that says nothing of its time leaves it") {
  expiring on;
  ws_control topic;
  topic.message_topic = std::string{"in"};
  CHECK_FALSE(on.answer(topic));
  on.check_ends_in(day);
}

TEST_CASE("a control whose time is over closes at once") {
  for (auto time : {1ms, in(-day), in(0ms)}) {
    expiring on;
    CHECK_FALSE(on.answer(until(time)));
    CHECK(on.client->close_frame() == usual_close);
    CHECK(on.target.log().back() == "leave expired 4401 last=0");
  }
}

TEST_CASE("what is no time is an error, and changes nothing") {
  expiring on;
  for (auto time :
       {-1ms, milliseconds::min(), max_expires_at + 1ms, milliseconds::max()}) {
    auto control = until(time);
    control.message_topic = std::string{"in"};
    CHECK(is(on.answer(control), errc::invalid_expiry));
  }
  on.say("x");
  CHECK(on.target.messages().at(0).topic.view() == "ws.message");
  on.check_ends_in(day);
}

// -- jitter -------------------------------------------------------------------

TEST_CASE("with a jitter connections close within it before their time") {
  constexpr milliseconds span = 10h;
  constexpr std::size_t count = 64;
  expiry_options expiry;
  expiry.jitter = span;
  expiring on{0ms, expiry};
  std::vector<fake_client> clients;
  for (std::size_t i = 0; i < count; ++i)
    clients.push_back(on.connect(in(day)));
  auto open = [&] {
    return static_cast<std::size_t>(
        std::count_if(clients.begin(), clients.end(),
                      [](auto& each) { return each.is_open(); }));
  };
  on.node.advance(day - span - margin);
  CHECK(open() == count);
  on.node.advance(margin + span / 2);
  CHECK(open() > 0); // all or none with 64 coins
  CHECK(open() < count);
  on.node.advance(span / 2);
  CHECK(open() == 0);
  CHECK(on.client->is_open()); // never is never
}

TEST_CASE("a time that is moved has its jitter, too") {
  expiry_options expiry;
  expiry.jitter = 10h;
  expiring on{0ms, expiry};
  CHECK_FALSE(on.answer(until(in(day))));
  on.node.advance(14h - margin);
  CHECK(on.client->is_open());
  on.node.advance(10h + margin);
  CHECK(on.client->close_frame() == usual_close);
}

TEST_CASE("a jitter that is longer than what is left closes within that") {
  expiry_options expiry;
  expiry.jitter = 365 * day;
  expiring on{in(day), expiry};
  on.node.advance(day);
  CHECK(on.client->close_frame() == usual_close);
}

} // namespace wsrelay::connection_expiry_test
