// Messages that wait for a slow client: those with priority overtake, those
// with a key are replaced.
#include "test/actors/overflow_client.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::connection_overflow_order_test {

using namespace wsrelay::test;

namespace {

// A client of whose messages three are on their way, so that others wait.
struct waiting : slow {
  explicit waiting(overflow_policy policy = overflow_policy::latest)
      : slow{{.policy = policy, .event = "gap"}} {
    fill(3);
  }

  void send_all(const std::vector<letter>& what, way how = way::send) {
    for (auto& each : what)
      send(each, how);
  }
};

// What a policy makes of it.
struct row {
  overflow_policy policy;
  std::string first;
  std::string second;
};

} // namespace

// -- priority -----------------------------------------------------------------

TEST_CASE("a message with priority goes before all without that wait") {
  for (auto policy : all_policies)
    for (auto how : all_ways) {
      CAPTURE(name_of(policy));
      CAPTURE(static_cast<int>(how));
      waiting on{policy};
      on.fill(2, how);
      on.send(urgent("u"), how);
      on.fill(1, how);
      on.send(urgent("v"), how);
      CHECK(on.read() == "1 2 3 u v 4 5 6");
      CHECK(on.client->is_open());
      CHECK(on.counts->dropped == 0);
    }
}

TEST_CASE("a message with priority is answered when it has overtaken") {
  waiting on{overflow_policy::close};
  on.fill(1, way::request);
  on.ask(urgent("u"));
  CHECK(on.answers() == "4=waits u=waits");
  CHECK(on.read() == "1 2 3 u 4");
  CHECK(on.answers() == "4=ok u=ok");
}

TEST_CASE("where nothing waits a message with priority is as any other") {
  slow on{{.policy = overflow_policy::close}};
  on.fill(2);
  on.send(urgent("u"));
  on.fill(1);
  CHECK(on.read() == "1 2 u 3");
  on.send(urgent("v"));
  on.fill(1);
  CHECK(on.read() == "v 4");
}

TEST_CASE("messages with priority close a client that is too slow, too") {
  waiting on{overflow_policy::close};
  on.fill(3);
  for (auto* name : {"u", "v", "w"})
    on.send(urgent(name));
  CHECK(on.target.log() == strings{"join"});
  on.ask(urgent("x"));
  CHECK(on.answers() == "x=slow_consumer");
  CHECK(on.read() == "1 2 3 u v w 4 5 6");
  CHECK(on.client->close_frame()
        == client_close{
            1013, "too slow: read what comes sooner, then connect again"});
}

TEST_CASE("a message with priority has those without it dropped") {
  for (auto& each :
       std::vector<row>{{overflow_policy::drop_newest,
                         "1 2 3 u 4 5 6 7 8 gap=1", "1 2 3 u v 4 5 6 7 gap=2"},
                        {overflow_policy::drop_oldest,
                         "1 2 3 u gap=1 5 6 7 8 9", "1 2 3 u v gap=2 6 7 8 9"},
                        {overflow_policy::latest, "1 2 3 u gap=1 5 6 7 8 9",
                         "1 2 3 u v gap=2 6 7 8 9"}}) {
    CAPTURE(name_of(each.policy));
    waiting one{each.policy};
    one.fill(6);
    one.send(urgent("u"));
    CHECK(one.counts->dropped == 1);
    CHECK(one.read() == each.first);
    waiting two{each.policy};
    two.fill(6);
    two.send_all({urgent("u"), urgent("v")});
    CHECK(two.counts->dropped == 2);
    CHECK(two.read() == each.second);
  }
}

TEST_CASE("what was dropped for one with priority is told to who asked") {
  waiting on{overflow_policy::drop_newest};
  on.fill(6, way::request);
  on.ask(urgent("u"));
  CHECK(on.answers()
        == "4=waits 5=waits 6=waits 7=waits 8=waits 9=dropped u=waits");
  on.read();
  CHECK(on.answers() == "4=ok 5=ok 6=ok 7=ok 8=ok 9=dropped u=ok");
}

TEST_CASE("where all that waits has priority, others are dropped") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    waiting on{policy};
    for (auto* name : {"u", "v", "w", "x", "y", "z"})
      on.send(urgent(name));
    on.fill(2, way::request);
    CHECK(on.answers() == "4=dropped 5=dropped");
    CHECK(on.read() == "1 2 3 u v w x y z gap=2");
  }
}

TEST_CASE("one with priority too many is dropped as the policy says") {
  for (auto& each : std::vector<row>{
           {overflow_policy::drop_newest, "1 2 3 u v w x y z gap=1",
            "u=ok v=ok w=ok x=ok y=ok z=ok last=dropped"},
           {overflow_policy::drop_oldest, "1 2 3 gap=1 v w x y z last",
            "u=dropped v=ok w=ok x=ok y=ok z=ok last=ok"},
           {overflow_policy::latest, "1 2 3 gap=1 v w x y z last",
            "u=dropped v=ok w=ok x=ok y=ok z=ok last=ok"}}) {
    CAPTURE(name_of(each.policy));
    waiting on{each.policy};
    for (auto* name : {"u", "v", "w", "x", "y", "z", "last"})
      on.ask(urgent(name));
    CHECK(on.read() == each.first);
    CHECK(on.answers() == each.second);
  }
}

TEST_CASE("holes of several kinds stay where they are") {
  slow on{{.policy = overflow_policy::drop_newest, .event = "gap"}};
  on.fill(9);
  on.send(urgent("u")); // 9 is missing at the end
  on.fill(1);           // and 10
  on.send({"small", 10});
  on.send(urgent("v")); // small, and 8
  on.send({"tiny", 5});
  CHECK(on.counts->dropped == 4);
  CHECK(on.read() == "1 2 3 u v 4 5 6 7 gap=4 tiny");
}

// -- latest -------------------------------------------------------------------

TEST_CASE("a message takes the place of the one with its key that waits") {
  for (auto how : {way::send, way::request, way::audience}) {
    CAPTURE(static_cast<int>(how));
    waiting on;
    on.send_all({keyed("a1", "a"), keyed("b1", "b"), keyed("c1", "c"),
                 keyed("b2", "b"), keyed("a2", "a"), keyed("b3", "b")},
                how);
    CHECK(on.counts->replaced == 3);
    CHECK(on.counts->dropped == 0);
    CHECK(on.numbers().queued_messages == 6);
    CHECK(on.read() == "1 2 3 a2 b3 c1"); // nothing is missing
  }
}

TEST_CASE("who sent the one that was replaced hears that it is dropped, at "
          "once") {
  waiting on;
  on.ask(keyed("a1", "a"));
  on.ask(keyed("a2", "a"));
  CHECK(on.answers() == "a1=dropped a2=waits");
  on.send(keyed("a3", "a"));
  CHECK(on.answers() == "a1=dropped a2=dropped");
  on.ask(keyed("a4", "a"));
  CHECK(on.read() == "1 2 3 a4");
  CHECK(on.answers() == "a1=dropped a2=dropped a4=ok");
}

TEST_CASE("an event without a key has its topic, one to an audience none") {
  for (auto how : {way::event, way::audience_event}) {
    CAPTURE(static_cast<int>(how));
    waiting on;
    on.send_all({about("p1", "price"), about("q1", "queue"),
                 about("p2", "price"), about("p3", "price")},
                how);
    auto is_one = how == way::event;
    CHECK(on.read() == (is_one ? "1 2 3 p3 q1" : "1 2 3 p1 q1 p2 p3"));
    CHECK(on.counts->replaced == (is_one ? 2 : 0));
  }
}

TEST_CASE("an event with a key has that, not its topic") {
  for (auto how : {way::event, way::audience_event}) {
    CAPTURE(static_cast<int>(how));
    waiting on;
    auto with_key = [](letter what, std::string key) {
      what.key = std::move(key);
      return what;
    };
    on.send_all({with_key(about("p1", "price"), "gold"),
                 with_key(about("p2", "price"), "iron"),
                 with_key(about("q1", "queue"), "gold"), about("p3", "price")},
                how);
    CHECK(on.read() == "1 2 3 q1 p2 p3");
    CHECK(on.counts->replaced == 1);
  }
}

TEST_CASE("a message may have an event's topic as its key") {
  waiting on;
  on.send(about("event", "price"), way::event);
  on.send(keyed("message", "price"), way::audience);
  CHECK(on.read() == "1 2 3 message");
}

TEST_CASE("a message without a key replaces nothing") {
  waiting on;
  on.send_all({"a", "a", keyed("b", "b"), "a"});
  CHECK(on.read() == "1 2 3 a a b a");
  CHECK(on.counts->replaced == 0);
}

TEST_CASE("keys mean nothing under any other policy") {
  for (auto policy : {overflow_policy::close, overflow_policy::drop_newest,
                      overflow_policy::drop_oldest}) {
    CAPTURE(name_of(policy));
    waiting on{policy};
    on.send_all({keyed("a1", "a"), keyed("a2", "a")});
    on.send_all({about("p1", "price"), about("p2", "price")}, way::event);
    on.send_all({about("p3", "price")}, way::audience_event);
    CHECK(on.read() == "1 2 3 a1 a2 p1 p2 p3");
    CHECK(on.counts->replaced == 0);
  }
}

TEST_CASE("what the socket has is not replaced") {
  slow on{{.policy = overflow_policy::latest}};
  for (auto* name : {"a1", "a2", "a3", "a4", "a5"})
    on.send(keyed(name, "a"));
  CHECK(on.read() == "a1 a2 a3 a5");
  on.client->stall();
  for (auto* name : {"a6", "a7", "a8", "a9", "b1"})
    on.send(keyed(name, "a"));
  CHECK(on.read() == "a6 a7 a8 b1");
}

TEST_CASE("of one key any number may be sent, nothing is dropped") {
  waiting on;
  on.send(keyed("other", "b"));
  for (auto i = 0; i <= 1'000; ++i)
    on.send(keyed(std::to_string(i), "a", static_cast<std::size_t>(i) * 20));
  CHECK(on.counts->dropped == 0);
  CHECK(on.counts->replaced == 1'000);
  CHECK(on.numbers().queued_messages == 5);
  CHECK(on.numbers().queued_bytes == 3 * part + part + 20'000);
  CHECK(on.read() == "1 2 3 other 1000");
}

TEST_CASE("a message takes the hole before the one whose place it takes") {
  waiting on;
  for (auto* name : {"a", "b", "c", "d", "e", "f"})
    on.send(keyed(name, name));
  on.send("new"); // drops a
  on.send(keyed("b2", "b", 100));
  CHECK(on.read() == "1 2 3 gap=1 b2 c d e f new");
  CHECK(on.counts->dropped == 1);
  CHECK(on.counts->replaced == 1);
}

TEST_CASE("a key that was dropped is free for the next one") {
  waiting on;
  for (auto* name : {"a", "b", "c", "d", "e", "f"})
    on.send(keyed(name, name));
  on.send("new"); // drops a
  on.send(keyed("a2", "a", 10));
  CHECK(on.read() == "1 2 3 gap=1 b c d e f new a2");
  CHECK(on.counts->replaced == 0);
}

} // namespace wsrelay::connection_overflow_order_test
