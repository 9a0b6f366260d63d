// Who hears that a client reads too slowly: its owner, the counters of its
// service, and who asks for the connection's numbers.
#include "test/actors/overflow_client.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace wsrelay::connection_overflow_reports_test {

using namespace wsrelay::test;

namespace {

// What an owner hears of so many drops.
strings reports_of(std::uint64_t dropped) {
  strings result{"join"};
  for (std::uint64_t each = 1; each <= dropped; each *= 2)
    result.push_back("overflow " + std::to_string(each));
  return result;
}

} // namespace

// -- the owner ----------------------------------------------------------------

TEST_CASE("an owner hears of the first drop, whenever they have doubled, and "
          "that it is over") {
  for (auto policy : dropping_policies)
    for (std::uint64_t dropped : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17}) {
      CAPTURE(name_of(policy));
      CAPTURE(dropped);
      slow on{{.policy = policy, .reports = true}};
      on.fill(9 + dropped);
      auto expected = reports_of(dropped);
      CHECK(on.target.log() == expected);
      on.read();
      expected.push_back("drained " + std::to_string(dropped));
      CHECK(on.target.log() == expected);
    }
}

TEST_CASE("an owner hears of drops in whatever form they were sent") {
  for (auto policy : dropping_policies)
    for (auto how : all_ways) {
      CAPTURE(name_of(policy));
      CAPTURE(static_cast<int>(how));
      slow on{{.policy = policy, .reports = true}};
      on.fill(12, how);
      on.read();
      CHECK(on.target.log()
            == strings{"join", "overflow 1", "overflow 2", "drained 3"});
    }
}

TEST_CASE("what an owner hears says whose messages they are, and how many "
          "wait") {
  slow on{{.policy = overflow_policy::drop_newest, .reports = true}};
  on.fill(10);
  on.read();
  auto pid = to_string(on.client->actor());
  REQUIRE(on.target.overflows().size() == 1);
  auto& overflow = on.target.overflows()[0];
  CHECK(overflow.client == on.client->actor());
  CHECK(overflow.client_pid.view() == pid);
  CHECK(overflow.queued == 9);
  REQUIRE(on.target.drains().size() == 1);
  auto& drained = on.target.drains()[0];
  CHECK(drained.client == on.client->actor());
  CHECK(drained.client_pid.view() == pid);
}

TEST_CASE("what waits is less than all where the oldest is dropped") {
  slow on{{.policy = overflow_policy::drop_oldest, .reports = true}};
  on.fill(10);
  REQUIRE(on.target.overflows().size() == 1);
  auto queued = on.target.overflows()[0].queued;
  CHECK(queued >= 8);
  CHECK(queued <= 9);
}

TEST_CASE("a client that is too slow again is told of again, from one on") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .reports = true}};
    strings expected{"join"};
    for (std::uint64_t dropped : {2, 5, 1}) {
      on.client->stall();
      on.fill(9 + dropped);
      auto reports = reports_of(dropped);
      expected.insert(expected.end(), reports.begin() + 1, reports.end());
      CHECK(on.target.log() == expected);
      on.read();
      expected.push_back("drained " + std::to_string(dropped));
      CHECK(on.target.log() == expected);
    }
  }
}

TEST_CASE("an owner that did not ask for it hears nothing") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy}};
    on.fill(20);
    on.read();
    CHECK(on.target.log() == strings{"join"});
    CHECK(on.counts->dropped == 11);
  }
}

TEST_CASE("an owner hears nothing of what only waits") {
  for (auto policy : all_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .reports = true}};
    on.fill(8);
    on.send(urgent("u"));
    on.read();
    CHECK(on.target.log() == strings{"join"});
  }
}

TEST_CASE("an owner hears nothing of a message that is larger than the "
          "limit") {
  slow on{{.reports = true}};
  on.fill(9);
  on.send({"large", room_for_nine + 1});
  on.read();
  CHECK(on.target.log() == strings{"join"});
}

TEST_CASE("what was replaced is no drop to an owner") {
  slow on{{.policy = overflow_policy::latest, .reports = true}};
  on.fill(3);
  for (auto i = 0; i < 20; ++i)
    on.send(keyed("a", "key"));
  CHECK(on.target.log() == strings{"join"});
  on.fill(6); // one too many
  on.read();
  CHECK(on.target.log() == strings{"join", "overflow 1", "drained 1"});
  CHECK(on.counts->replaced == 19);
  CHECK(on.counts->dropped == 1);
}

TEST_CASE("where only one message has room its owner hears of the others") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .reports = true, .limit = part}};
    on.fill(4);
    CHECK(on.target.log() == reports_of(3));
    on.read();
    CHECK(on.target.log().back() == "drained 3");
  }
}

TEST_CASE("with the policy close an owner hears of the end alone") {
  slow on{{.policy = overflow_policy::close, .reports = true}};
  on.fill(12);
  on.read();
  CHECK(on.target.log() == strings{"join", "leave slow_consumer"});
}

// -- a transfer ---------------------------------------------------------------

TEST_CASE("after a transfer the new owner hears how it goes on, and the old "
          "one nothing") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .reports = true}};
    on.fill(10);
    on.node.send(on.client->actor(), move_to(on.other));
    on.node.run();
    CHECK(on.other.log() == strings{"join"});
    on.fill(1);
    CHECK(on.other.log() == strings{"join", "overflow 2"});
    on.fill(1);
    on.read();
    CHECK(on.other.log() == strings{"join", "overflow 2", "drained 3"});
    CHECK(on.target.log()
          == strings{"join", "overflow 1", "leave transferred"});
  }
}

TEST_CASE("what waits stays the client's when it moves") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy}};
    on.fill(9, way::request);
    on.node.send(on.client->actor(), move_to(on.other));
    on.node.run();
    CHECK(on.read() == "1 2 3 4 5 6 7 8 9");
    CHECK(on.answers() == "1=ok 2=ok 3=ok 4=ok 5=ok 6=ok 7=ok 8=ok 9=ok");
  }
}

// -- numbers ------------------------------------------------------------------

TEST_CASE("what was dropped and what was replaced is counted, each once") {
  slow on{{.policy = overflow_policy::latest}};
  on.fill(3);
  for (auto* name : {"a", "b", "c", "b", "a", "a"})
    on.send(keyed(name, name));
  CHECK(on.counts->replaced == 3);
  CHECK(on.counts->dropped == 0);
  on.fill(5);
  CHECK(on.counts->replaced == 3);
  CHECK(on.counts->dropped == 2);
  on.read();
  on.fill(5);
  CHECK(on.counts->replaced == 3);
  CHECK(on.counts->dropped == 2);
  CHECK(on.counts->held_back == 0);
  CHECK(on.counts->ended == 0);
}

TEST_CASE("a connection counts what waits as queued") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy}};
    for (std::uint64_t count = 1; count <= 9; ++count) {
      on.fill(1);
      CHECK(on.numbers().queued_messages == count);
      CHECK(on.numbers().queued_bytes == count * part);
    }
    on.fill(3);
    CHECK(on.numbers().queued_messages == 9);
    CHECK(on.numbers().queued_bytes == 9 * part);
    on.send({"small", 10});
    CHECK(on.numbers().queued_messages == 10);
    CHECK(on.numbers().queued_bytes == 9 * part + 10);
    on.read();
    CHECK(on.numbers().queued_messages == 0);
    CHECK(on.numbers().queued_bytes == 0);
  }
}

TEST_CASE("a message for which there was no room does not count as sent") {
  slow on{{.policy = overflow_policy::drop_newest}};
  on.fill(12);
  CHECK(on.numbers().messages_out == 9);
  CHECK(on.numbers().bytes_out == 9 * part);
}

} // namespace wsrelay::connection_overflow_reports_test
