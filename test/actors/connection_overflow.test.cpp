// A client that does not read, and what each policy leaves of what is sent to
// it. Who hears of it, and how such a connection ends, stands in other files.
#include "test/actors/overflow_client.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wsrelay::connection_overflow_test {

using namespace wsrelay::test;

namespace {

const client_close too_slow{
    1013, "too slow: read what comes sooner, then connect again"};

// Fourteen messages where there is room for nine.
struct policy_row {
  overflow_policy policy;
  std::string arrives;
  std::string answers; // to those who ask
  std::uint64_t dropped;
};

const std::vector<policy_row> rows{
    {overflow_policy::close, "1 2 3 4 5 6 7 8 9",
     "1=ok 2=ok 3=ok 4=ok 5=ok 6=ok 7=ok 8=ok 9=ok 10=slow_consumer "
     "11=closing 12=closing 13=closing 14=closing",
     0},
    {overflow_policy::drop_newest, "1 2 3 4 5 6 7 8 9",
     "1=ok 2=ok 3=ok 4=ok 5=ok 6=ok 7=ok 8=ok 9=ok 10=dropped 11=dropped "
     "12=dropped 13=dropped 14=dropped",
     5},
    {overflow_policy::drop_oldest, "1 2 3 9 10 11 12 13 14",
     "1=ok 2=ok 3=ok 4=dropped 5=dropped 6=dropped 7=dropped 8=dropped 9=ok "
     "10=ok 11=ok 12=ok 13=ok 14=ok",
     5},
    {overflow_policy::latest, "1 2 3 9 10 11 12 13 14",
     "1=ok 2=ok 3=ok 4=dropped 5=dropped 6=dropped 7=dropped 8=dropped 9=ok "
     "10=ok 11=ok 12=ok 13=ok 14=ok",
     5},
};

struct outcome {
  overflow_policy policy;
  std::string arrives;
};

// What a connection and its port keep for a client that does not read.
std::size_t kept(slow& on) {
  auto now = on.numbers();
  return now.queued_bytes + now.queued_messages * queued_message_cost;
}

} // namespace

// -- by policy ----------------------------------------------------------------

TEST_CASE("a policy leaves the same of what is sent in any form") {
  for (auto& row : rows)
    for (auto how : all_ways) {
      CAPTURE(name_of(row.policy));
      CAPTURE(static_cast<int>(how));
      slow on{{.policy = row.policy}};
      on.fill(14, how);
      CHECK(on.counts->dropped == row.dropped);
      CHECK(on.counts->replaced == 0);
      CHECK(on.read() == row.arrives);
      CHECK(on.client->is_open() == (row.policy != overflow_policy::close));
    }
}

TEST_CASE("who asks hears what became of each message") {
  for (auto& row : rows) {
    CAPTURE(name_of(row.policy));
    slow on{{.policy = row.policy}};
    on.fill(14, way::request);
    on.read();
    CHECK(on.answers() == row.answers);
  }
}

TEST_CASE("who asks hears of a drop at once, and of what arrives when it "
          "does") {
  slow on{{.policy = overflow_policy::drop_oldest}};
  on.fill(9, way::request);
  CHECK(on.answers()
        == "1=waits 2=waits 3=waits 4=waits 5=waits 6=waits 7=waits 8=waits "
           "9=waits");
  on.fill(1, way::request);
  CHECK(on.answers()
        == "1=waits 2=waits 3=waits 4=dropped 5=waits 6=waits 7=waits 8=waits "
           "9=waits 10=waits");
}

TEST_CASE("of those who ask and those who do not each gets its own answer") {
  slow on{{.policy = overflow_policy::drop_oldest}};
  on.fill(3);
  for (auto how : {way::request, way::send, way::event, way::request,
                   way::audience, way::request}) // 4 to 9
    on.fill(1, how);
  on.fill(2);
  CHECK(on.answers() == "4=dropped 7=waits 9=waits");
  CHECK(on.read() == "1 2 3 6 7 8 9 10 11");
  CHECK(on.answers() == "4=dropped 7=ok 9=ok");
}

TEST_CASE("close is told with 1013, and all before it arrives") {
  slow on{{.policy = overflow_policy::close}};
  on.fill(10);
  CHECK(on.target.log() == strings{"join", "leave slow_consumer"});
  CHECK_FALSE(on.client->close_frame());
  CHECK(on.read() == "1 2 3 4 5 6 7 8 9");
  CHECK(on.client->close_frame() == too_slow);
  CHECK(on.counts->dropped == 0);
}

TEST_CASE("a client that reads in time loses nothing under any policy") {
  for (auto policy : all_policies)
    for (auto how : all_ways) {
      CAPTURE(name_of(policy));
      CAPTURE(static_cast<int>(how));
      slow on{{.policy = policy, .event = "gap"}};
      for (auto round = 0; round < 3; ++round) {
        on.client->stall();
        on.filled = 0;
        on.fill(9, how);
        CHECK(on.read() == "1 2 3 4 5 6 7 8 9");
      }
      CHECK(on.counts->dropped == 0);
      CHECK(on.client->is_open());
    }
}

TEST_CASE("a client that reads again gets all that comes from then on") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy}};
    on.fill(100);
    on.read();
    on.filled = 0;
    for (auto i = 0; i < 20; ++i)
      on.fill(10, all_ways[static_cast<std::size_t>(i) % all_ways.size()]);
    CHECK(on.client->take().size() == 200);
    CHECK(on.counts->dropped == 91);
  }
}

TEST_CASE("nothing beyond the limit is kept, and little is given to the "
          "socket") {
  for (auto policy : dropping_policies)
    for (auto how : all_ways) {
      CAPTURE(name_of(policy));
      CAPTURE(static_cast<int>(how));
      slow on{{.policy = policy}};
      for (auto size : {1u, 10'000u, 100u, 50'000u, 3'000u, 99'000u, 0u})
        for (auto i = 0; i < 20; ++i) {
          on.send(letter{"x", size}, how);
          REQUIRE(kept(on) <= room_for_nine);
          REQUIRE(on.port->queued_cost() <= room_for_nine / 4 + part_cost);
        }
      CHECK(on.counts->dropped > 0);
      CHECK(on.client->is_open());
    }
}

// -- larger than the limit ----------------------------------------------------

TEST_CASE("a message that is larger than the limit fails alone, whatever the "
          "policy") {
  for (auto policy : all_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .event = "gap"}};
    on.fill(6);
    on.ask({"large", room_for_nine + 1});
    on.send({"large", room_for_nine + 1}, way::audience_event);
    on.ask(urgent("urgent", room_for_nine + 1));
    on.ask(keyed("keyed", "key", room_for_nine + 1));
    CHECK(on.answers()
          == "large=message_too_big urgent=message_too_big "
             "keyed=message_too_big");
    CHECK(on.counts->dropped == 0);
    on.fill(3);
    CHECK(on.read() == "1 2 3 4 5 6 7 8 9");
    CHECK(on.client->is_open());
  }
}

TEST_CASE("a message that is alone may be as large as the limit") {
  for (auto policy : all_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .limit = part}};
    on.client->read_again();
    on.ask({"less", part - 1});
    on.ask({"all", part});
    on.ask({"more", part + 1});
    CHECK(on.answers() == "less=ok all=ok more=message_too_big");
    CHECK(on.read() == "less all");
    CHECK(on.client->is_open());
  }
}

// -- small limits -------------------------------------------------------------

TEST_CASE("where a quarter of the limit is less than a message one is given to "
          "the socket") {
  for (auto& row :
       std::vector<outcome>{{overflow_policy::close, "1 2"},
                            {overflow_policy::drop_newest, "1 2 gap=3"},
                            {overflow_policy::drop_oldest, "1 gap=3 5"},
                            {overflow_policy::latest, "1 gap=3 5"}}) {
    CAPTURE(name_of(row.policy));
    auto closes = row.policy == overflow_policy::close;
    slow on{{.policy = row.policy, .event = "gap", .limit = 25'000}};
    on.fill(5);
    CHECK(on.port->queued_messages() == (closes ? 2 : 1));
    CHECK(on.read() == row.arrives);
    CHECK(on.client->is_open() == !closes);
  }
}

// The one that the socket has cannot give way.
TEST_CASE("where the limit has room for one message all behind it are "
          "dropped") {
  for (auto policy : dropping_policies)
    for (std::size_t limit : {part, part + 1, 2 * part}) {
      CAPTURE(name_of(policy));
      CAPTURE(limit);
      slow on{{.policy = policy, .event = "gap", .limit = limit}};
      on.fill(4, way::request);
      CHECK(on.answers() == "1=waits 2=dropped 3=dropped 4=dropped");
      CHECK(on.counts->dropped == 3);
      CHECK(on.read() == "1 gap=3");
      on.fill(1, way::request);
      CHECK(on.read() == "5");
      on.client->stall();
      on.fill(2, way::request);
      CHECK(on.read() == "6 gap=1");
      CHECK(on.answers()
            == "1=ok 2=dropped 3=dropped 4=dropped 5=ok 6=ok 7=dropped");
    }
}

TEST_CASE("a small message behind a drop goes when the client reads") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .event = "gap", .limit = 2 * part}};
    on.fill(2);
    on.ask({"small", 10});
    CHECK(on.read() == "1 gap=1 small");
    CHECK(on.answers() == "small=ok");
  }
}

// -- the event in the place of a hole -----------------------------------------

TEST_CASE("without its setting nothing tells the client of a hole") {
  for (auto& row : rows) {
    CAPTURE(name_of(row.policy));
    slow on{{.policy = row.policy, .event = ""}};
    on.fill(14);
    CHECK(on.read() == row.arrives);
  }
}

TEST_CASE("a hole is told where it is: before what waits, and at its end") {
  for (auto& row : std::vector<outcome>{
           {overflow_policy::drop_newest, "1 2 3 4 5 6 7 8 9 gap=5"},
           {overflow_policy::drop_oldest, "1 2 3 gap=5 9 10 11 12 13 14"},
           {overflow_policy::latest, "1 2 3 gap=5 9 10 11 12 13 14"}})
    for (auto how : all_ways) {
      CAPTURE(name_of(row.policy));
      CAPTURE(static_cast<int>(how));
      slow on{{.policy = row.policy, .event = "gap"}};
      on.fill(14, how);
      CHECK(on.read() == row.arrives);
    }
}

TEST_CASE("a hole in the middle is told there, each with its number") {
  slow on{{.event = "gap"}};
  on.fill(11);
  on.send({"small", 10});
  on.fill(1);
  on.send({"smaller", 9});
  on.send({"smallest", 8});
  CHECK(on.read() == "1 2 3 4 5 6 7 8 9 gap=2 small gap=1 smaller smallest");
  CHECK(on.counts->dropped == 3);
}

TEST_CASE("holes count from the beginning when the client has read") {
  for (auto& row : std::vector<outcome>{
           {overflow_policy::drop_newest, "1 2 3 4 5 6 7 8 9 gap=2"},
           {overflow_policy::drop_oldest, "1 2 3 gap=2 6 7 8 9 10 11"}}) {
    CAPTURE(name_of(row.policy));
    slow on{{.policy = row.policy, .event = "gap"}};
    for (auto round = 0; round < 3; ++round) {
      on.client->stall();
      on.filled = 0;
      on.fill(11);
      CHECK(on.read() == row.arrives);
    }
    CHECK(on.counts->dropped == 6);
  }
}

TEST_CASE("the event of a hole is JSON, and nobody's answer waits for it") {
  slow on{{.event = "relay.overflow"}};
  on.fill(10, way::request);
  on.client->read_again();
  on.node.run();
  CHECK(on.client->received().back()
        == text(R"({"topic":"relay.overflow","data":{"dropped":1}})"));
  CHECK(on.answers()
        == "1=ok 2=ok 3=ok 4=ok 5=ok 6=ok 7=ok 8=ok 9=ok 10=dropped");
}

} // namespace wsrelay::connection_overflow_test
