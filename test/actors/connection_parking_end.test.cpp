// How a connection ends while it is parked, and what a successor hears of it.
#include "test/actors/parked_client.hpp"

#include "test/actors/expiring_client.hpp"

namespace wsrelay::connection_parking_end_test {

using namespace wsrelay::test;

namespace {

// A way to end, the close frame that the client gets, and the leave that a
// successor gets behind what was said; "" = it hears nothing.
struct way_out {
  const char* name;
  void (*go)(parkable&);
  std::optional<client_close> frame;
  std::string leave;
};

const std::vector<way_out> ways_out{
    {"close by the client", [](parkable& on) { on.client->close(4001, "bye"); },
     client_close{4001, "bye"}, "leave client_closed 4001 last=3"},
    {"close without a code", [](parkable& on) { on.client->close(1005); },
     client_close{1005, ""}, "leave client_closed 1005 last=3"},
    {"loss", [](parkable& on) { on.client->lose(); }, std::nullopt,
     "leave connection_lost 1006 last=3"},
    {"end of its half", [](parkable& on) { on.client->end_output(); },
     std::nullopt, "leave connection_lost 1006 last=3"},
    {"violation", [](parkable& on) { on.client->break_protocol(1007); },
     client_close{1007, ""}, "leave protocol_error 1007 last=3"},
    {"silence", [](parkable& on) { on.client->fall_silent(); }, std::nullopt,
     "leave timeout 1006 last=3"},
    {"ws.close",
     [](parkable& on) {
       CHECK_FALSE(on.answer(ws_close{4000, "done"}));
     },
     client_close{4000, "done"}, "leave closed 4000 last=3"},
    {"drain",
     [](parkable& on) {
       on.node.send(on.client->actor(), connection_drain{5s});
     },
     client_close{1012, "retry=5000"}, "leave shutdown 1012 last=3"},
    {"shutdown",
     [](parkable& on) {
       on.node.send(on.client->actor(), connection_shutdown{});
     },
     client_close{1001, "server shutting down: connect again"}, ""},
    {"exit message",
     [](parkable& on) {
       caf::anon_send_exit(on.client->actor(), caf::exit_reason::user_shutdown);
     },
     client_close{1001, "ended by another actor: connect again"}, ""},
    {"kill",
     [](parkable& on) {
       caf::anon_send_exit(on.client->actor(), caf::exit_reason::kill);
     },
     client_close{1011, "connection failed: connect again"}, ""},
    {"its place",
     [](parkable& on) {
       on.node.send(on.client->actor(), connection_unpark{1});
     },
     client_close{1011, "target failed: connect again"}, ""},
};

// Parked after one message, which was answered, with two more that were said.
struct parked_with_words : parkable {
  parked_with_words() {
    say("a");
    crash(target);
    say("b");
    say("c");
  }
};

} // namespace

TEST_CASE("whoever ends parked ends at once, and the successor hears what was "
          "said") {
  for (auto& how : ways_out) {
    CAPTURE(how.name);
    parked_with_words on;
    how.go(on);
    on.node.run();
    CHECK_FALSE(on.client->is_open());
    CHECK(on.client->close_frame() == how.frame);
    CHECK(on.client->exit_reason());
    CHECK(on.lot->connections() == (how.leave.empty() ? 0 : 1));
    on.put(on.other);
    auto heard = how.leave.empty() ? strings{}
                                   : strings{"join {}", "message 2 b",
                                             "message 3 c", how.leave};
    CHECK(on.other.log() == heard);
    CHECK(on.lot->connections() == 0);
  }
}

TEST_CASE("whoever ends parked without a word is not heard of any more") {
  for (auto& how : ways_out) {
    CAPTURE(how.name);
    parkable on;
    on.say("a");
    on.crash(on.target);
    how.go(on);
    on.node.run();
    CHECK_FALSE(on.client->is_open());
    CHECK(on.client->close_frame() == how.frame);
    CHECK(on.client->exit_reason());
    CHECK(on.lot->connections() == 0);
    on.put(on.other);
    CHECK(on.other.log().empty());
  }
}

TEST_CASE("without a name nobody hears what was said") {
  for (auto& how : ways_out) {
    CAPTURE(how.name);
    parkable on{{.target_name = ""}};
    on.crash(on.target);
    on.say("a");
    how.go(on);
    on.node.run();
    CHECK_FALSE(on.client->is_open());
    CHECK(on.lot->connections() == 0);
    on.put(on.other);
    CHECK(on.other.log().empty());
  }
}

TEST_CASE("a successor that is being asked gets its leave, and then hears what "
          "was said") {
  for (auto& how : ways_out) {
    CAPTURE(how.name);
    parked_with_words on;
    on.other.hold_joins();
    on.put(on.other);
    CHECK(on.other.log() == strings{"join {}"});
    how.go(on);
    on.node.run();
    on.other.release();
    on.node.run();
    CHECK_FALSE(on.client->is_open());
    auto& log = on.other.log();
    REQUIRE(log.size() >= 2);
    CHECK(log[1].starts_with("leave "));
    CHECK(log[1].ends_with(" last=0"));
    if (how.leave.empty())
      CHECK(log.size() == 2);
    else
      CHECK(strings(log.begin() + 2, log.end())
            == strings{"join {}", "message 2 b", "message 3 c", how.leave});
  }
}

TEST_CASE("requests of who ends parked are answered") {
  parkable on;
  on.crash(on.target);
  on.client->stall();
  auto waiting = on.begin(ws_send{message_type::text, "x"});
  on.node.run();
  CHECK_FALSE(waiting.answered());
  on.client->lose();
  on.node.run();
  CHECK(waiting.failed_with(errc::connection_lost));
}

TEST_CASE("a client that goes behind more than there is room for is heard") {
  parkable_options options;
  options.parking.messages = 2;
  parkable on{options};
  on.crash(on.target);
  for (auto word : {"a", "b", "c", "d"})
    on.client->send_text(word);
  on.client->lose();
  on.node.advance(3 * fake_frame_port::close_timeout);
  CHECK(on.client->is_open()); // its end is behind what nobody has read
  on.put(on.other);
  CHECK(on.other.log()
        == strings{"join {}", "message 1 a", "message 2 b", "message 3 c",
                   "message 4 d", "leave connection_lost 1006 last=4"});
}

TEST_CASE("a session ends at its time also where it is parked") {
  parkable_options options;
  options.expires_at = in(day);
  options.parking.time = 10 * day;
  options.target_name = ""; // a day of look-ups
  parkable on{options};
  on.crash(on.target);
  on.say("a");
  on.node.advance(day - margin);
  CHECK(on.client->is_open());
  on.node.advance(margin);
  CHECK(on.client->close_frame() == usual_close);
  CHECK(on.lot->connections() == 0);
}

TEST_CASE("a successor hears what was said in a session that is over") {
  parkable_options options;
  options.expires_at = in(2 * margin);
  options.parking.time = day;
  parkable on{options};
  on.node.advance(margin / 2);
  on.crash(on.target);
  on.say("a");
  on.node.advance(2 * margin);
  CHECK(on.client->close_frame() == usual_close);
  on.put(on.other);
  CHECK(on.other.log()
        == strings{"join {}", "message 1 a", "leave expired 4401 last=1"});
}

TEST_CASE("a control moves the time of a session that is parked") {
  parkable_options options;
  options.parking.time = 10 * day;
  options.target_name = "";
  parkable on{options};
  on.crash(on.target);
  CHECK_FALSE(on.answer(until(in(day))));
  on.node.advance(day - margin);
  CHECK(on.client->is_open());
  on.node.advance(margin);
  CHECK(on.client->close_frame() == usual_close);
}

TEST_CASE("a control is not taken by who has ended parked") {
  parkable on;
  on.crash(on.target);
  on.client->stall();
  CHECK_FALSE(on.answer(ws_close{4000, ""}));
  CHECK(is(on.answer(move_to(on.other)), errc::closing));
  CHECK(is(on.answer(ws_close{4000, ""}), errc::closing));
  CHECK(on.other.log().empty());
}

} // namespace wsrelay::connection_parking_end_test
