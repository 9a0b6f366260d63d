// Whose turn it is to close, and when.
#include "actors/drain_line.hpp"

#include "test/support/connected.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>

#include <list>
#include <set>

namespace wsrelay::drain_line_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

struct fixture {
  std::vector<caf::actor> actors(int count) {
    std::vector<caf::actor> result;
    for (int i = 0; i < count; ++i)
      result.push_back(target.actor());
    return result;
  }

  drain_line make(int count, time_point::duration span) {
    return {actors(count), begin, span, 1};
  }

  checked_node node;
  probe target{node};
  time_point begin{5s};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "nobody's turn comes before the beginning") {
  auto line = make(3, 3s);
  CHECK(line.take_due(begin - 1s).empty());
  CHECK(line.take_due(begin).empty());
  CHECK_FALSE(line.done());
}

TEST_CASE_FIXTURE(fixture, "the span is dealt evenly, each has one turn") {
  auto line = make(1'000, 10s);
  std::size_t sum = 0;
  for (auto at = begin; at < begin + 10s; at += 100ms) {
    auto count = line.take_due(at + 100ms).size();
    CHECK(count >= 9);
    CHECK(count <= 11);
    sum += count;
  }
  CHECK(sum == 1'000);
  CHECK(line.done());
  CHECK(line.take_due(begin + 1h).empty());
}

TEST_CASE_FIXTURE(fixture, "who looks late gets all whose turn it was") {
  auto line = make(10, 10s);
  CHECK(line.take_due(begin + 4500ms).size() == 5);
  CHECK(line.take_due(begin + 4500ms).empty());
  CHECK(line.take_due(begin + 1h).size() == 5);
  CHECK(line.done());
}

TEST_CASE_FIXTURE(fixture, "without a span all are due at once") {
  auto line = make(5, 0s);
  CHECK(line.take_due(begin).size() == 5);
  CHECK(line.done());
  drain_line none{{}, begin, 10s, 1};
  CHECK(none.done());
  CHECK(none.take_due(begin + 1h).empty());
}

TEST_CASE_FIXTURE(fixture, "the order is random") {
  std::list<probe> targets; // they do not move
  std::vector<caf::actor> all;
  for (int i = 0; i < 20; ++i) {
    targets.emplace_back(node);
    all.push_back(targets.back().actor());
  }
  std::set<std::vector<caf::actor_id>> orders;
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    drain_line line{all, begin, 1s, seed};
    std::vector<caf::actor_id> order;
    for (auto& each : line.take_due(begin + 1s))
      order.push_back(each.id());
    orders.insert(order);
  }
  CHECK(orders.size() == 3);
}

// -- a connection -------------------------------------------------------------

TEST_CASE_FIXTURE(connected, "a connection that drains closes with 1012 and "
                             "the time to come back") {
  say("a");
  node.send(client.actor(), ws_send{message_type::text, "last"});
  node.send(client.actor(), connection_drain{milliseconds{1'234}});
  node.run();
  CHECK(client.received() == std::vector{text("last")});
  CHECK(client.close_frame() == client_close{1012, "retry=1234"});
  CHECK(target.log()
        == strings{"join {}", "message 1 a", "leave shutdown 1012 last=1"});
}

} // namespace wsrelay::drain_line_test
