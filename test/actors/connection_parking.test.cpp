// Which ends of a target a connection survives, and what is kept until the next
// one has joined.
#include "test/actors/parked_client.hpp"

namespace wsrelay::connection_parking_test {

using namespace wsrelay::test;

namespace {

park_endings only(bool park_endings::*listed) {
  park_endings result{false, false, false, false};
  result.*listed = true;
  return result;
}

park_endings all_but(bool park_endings::*listed) {
  park_endings result{true, true, true, true};
  result.*listed = false;
  return result;
}

parkable_options with_room(std::uint32_t messages, std::size_t bytes) {
  parkable_options result;
  result.parking.messages = messages;
  result.parking.bytes = bytes;
  return result;
}

} // namespace

// -- which ends ---------------------------------------------------------------

TEST_CASE("a connection waits after an end that is listed") {
  for (auto& how : target_ends) {
    CAPTURE(how.name);
    parkable_options options;
    options.parking.endings = only(how.listed);
    parkable on{options};
    how.happen(on);
    CHECK(on.client->is_open());
    CHECK(on.is_parked());
    CHECK(on.lot->connections() == 1);
    on.say("a");
    on.put(on.other);
    CHECK(on.other.log() == strings{"join {}", "message 1 a"});
    CHECK_FALSE(on.is_parked());
    CHECK(on.lot->connections() == 0);
  }
}

TEST_CASE("a connection closes at once after an end that is not listed") {
  for (auto& how : target_ends) {
    CAPTURE(how.name);
    parkable_options options;
    options.parking.endings = all_but(how.listed);
    parkable on{options};
    how.happen(on);
    CHECK(on.client->close_frame() == how.frame);
    CHECK_FALSE(on.client->is_open());
    CHECK(on.client->exit_reason());
    CHECK(on.counts->parked == 0);
  }
}

TEST_CASE("a connection whose route does not park closes at once") {
  for (auto& how : target_ends) {
    CAPTURE(how.name);
    parkable_options options;
    options.parking.policy = target_exit_policy::close;
    parkable on{options};
    how.happen(on);
    CHECK(on.client->close_frame() == how.frame);
    CHECK(on.counts->parked == 0);
  }
}

TEST_CASE("a target that is overloaded is not replaced") {
  parkable on;
  on.end(on.target, make_error(errc::overloaded));
  CHECK(on.client->close_frame()
        == client_close{1013, "target overloaded: connect again later"});
}

TEST_CASE("a target hears once that its node's stop parts it") {
  parkable on;
  on.say("a");
  on.say_goodbye();
  CHECK(on.target.log()
        == strings{"join {}", "message 1 a", "leave shutdown 0 last=1"});
  on.end(on.target, lost_node);
  CHECK(on.client->is_open());
}

TEST_CASE("the goodbye of another node changes nothing") {
  parkable on;
  on.node.send(on.client->actor(),
               node_stops{*caf::make_node_id(1, std::string(40, 'a')), {}});
  on.say("a");
  CHECK(on.target.log() == strings{"join {}", "message 1 a"});
  CHECK_FALSE(on.is_parked());
}

// -- its time -----------------------------------------------------------------

TEST_CASE("who waited in vain closes at its time, as the target's end says") {
  for (auto& how : target_ends) {
    CAPTURE(how.name);
    parkable on;
    how.happen(on);
    on.node.advance(on.options.parking.time / 2);
    CHECK(on.client->is_open());
    on.node.advance(on.options.parking.time / 2 - 1ms);
    CHECK(on.client->is_open());
    on.node.advance(1ms);
    CHECK(on.client->close_frame() == how.frame);
    CHECK_FALSE(on.client->is_open());
    CHECK(on.client->exit_reason());
    CHECK(on.counts->park_over == 1);
    CHECK(on.lot->connections() == 0);
  }
}

TEST_CASE("who waited in vain is not heard: there are no last words") {
  parkable on;
  on.crash(on.target);
  on.say("a");
  on.node.advance(on.options.parking.time);
  CHECK_FALSE(on.client->is_open());
  on.put(on.other);
  CHECK(on.other.log().empty());
}

TEST_CASE("what the client sends does not put its time off") {
  parkable on;
  on.crash(on.target);
  for (int i = 0; i < 29; ++i) {
    on.node.advance(1s);
    on.say("a");
  }
  CHECK(on.client->is_open());
  on.node.advance(1s);
  CHECK_FALSE(on.client->is_open());
}

// -- what is held -------------------------------------------------------------

TEST_CASE("what was said meanwhile comes behind the join, numbered on") {
  parkable on;
  on.say("a");
  on.say("b");
  on.crash(on.target);
  on.say("c");
  on.client->send_binary("d");
  on.node.run();
  on.put(on.other);
  on.say("e");
  CHECK(on.other.log()
        == strings{"join {}", "message 3 c", "message 4 d", "message 5 e"});
  CHECK(on.other.messages().at(1).type == message_type::binary);
  CHECK(on.target.log() == strings{"join {}", "message 1 a", "message 2 b"});
  on.client->close();
  on.node.run();
  CHECK(on.other.log().back() == "leave client_closed 1000 last=5");
}

TEST_CASE("nothing is sent to a successor before it has joined") {
  parkable on{{.heartbeat_interval = 100ms}};
  on.crash(on.target);
  on.say("a");
  on.other.hold_joins();
  on.put(on.other);
  on.say("b");
  on.node.advance(1s);
  CHECK(on.other.log() == strings{"join {}"});
  CHECK(on.client->is_paused());
  on.other.release();
  on.node.run();
  CHECK(on.other.log() == strings{"join {}", "message 1 a", "message 2 b"});
  CHECK_FALSE(on.client->is_paused());
}

TEST_CASE("so many messages are read, and no more") {
  for (auto limit : {0u, 1u, 3u}) {
    CAPTURE(limit);
    parkable on{with_room(limit, 1000)};
    on.crash(on.target);
    for (std::uint32_t i = 0; i < limit; ++i) {
      CHECK_FALSE(on.client->is_paused());
      on.say(std::to_string(i));
    }
    CHECK(on.client->is_paused());
    on.say("one more");
    CHECK(on.lot->bytes() == limit * (1 + queued_message_cost));
    on.put(on.other);
    CHECK(on.other.messages().size() == limit + 1);
    CHECK(on.other.log().back()
          == "message " + std::to_string(limit + 1) + " one more");
    CHECK_FALSE(on.client->is_paused());
    CHECK(on.lot->bytes() == 0);
  }
}

TEST_CASE("so many bytes are read, and one message more when that is nearly "
          "reached") {
  for (auto [size, is_over] : {std::pair{9, false}, {10, true}, {11, true}}) {
    auto& shown_size = size;
    CAPTURE(shown_size);
    parkable on{with_room(100, 10)};
    on.crash(on.target);
    on.client->send_binary(std::string(static_cast<std::size_t>(size), 'x'));
    on.node.run();
    CHECK(on.client->is_paused() == is_over);
    on.client->send_binary(std::string(1000, 'y'));
    on.node.run();
    CHECK(on.client->is_paused());
    on.put(on.other);
    CHECK(on.other.messages().size() == 2);
    CHECK_FALSE(on.client->is_paused());
  }
}

TEST_CASE("a route without room reads nothing") {
  for (auto& options : {with_room(0, 1000), with_room(100, 0)}) {
    parkable on{options};
    on.crash(on.target);
    CHECK(on.client->is_paused());
    on.say("a");
    on.put(on.other);
    CHECK(on.other.log() == strings{"join {}", "message 1 a"});
  }
}

TEST_CASE("each parking has all the room there is") {
  parkable on{with_room(2, 1000)};
  on.crash(on.target);
  on.say("a");
  on.say("b");
  CHECK(on.client->is_paused());
  on.put(on.other);
  on.crash(on.other);
  on.say("c");
  CHECK_FALSE(on.client->is_paused());
  on.say("d");
  CHECK(on.client->is_paused());
  on.put(on.third);
  CHECK(on.third.log() == strings{"join {}", "message 3 c", "message 4 d"});
}

TEST_CASE("what was held may be more than a window, which slows the client "
          "then") {
  parkable on{{.window = 2}};
  on.crash(on.target);
  for (auto word : {"a", "b", "c", "d", "e"})
    on.say(word);
  on.other.hold();
  on.put(on.other);
  CHECK(on.other.messages().size() == 5);
  CHECK(on.client->is_paused());
  on.say("f");
  CHECK(on.other.messages().size() == 5);
  on.other.release();
  on.node.run();
  CHECK(on.other.log().back() == "message 6 f");
}

} // namespace wsrelay::connection_parking_test
