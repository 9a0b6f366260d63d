// The last events of a connection: a ring, in one line, and in a report.
#include "actors/flight_record.hpp"

#include "test/support/connected.hpp"
#include "test/support/far_node.hpp"

#include <caf/all.hpp>

namespace wsrelay::flight_record_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;
using enum flight_event;

namespace {

struct recorded {
  time_point at(milliseconds time) const { return begin + time; }

  // "+0ms opened 3", each in a line of its own.
  strings lines() const {
    strings result;
    for (auto& row : record.rows()) {
      auto line = "+" + std::to_string(row.at.count()) + " " + row.what;
      if (!row.detail.empty())
        line += " " + row.detail;
      if (row.count > 1)
        line += " x" + std::to_string(row.count) + " until "
                + std::to_string(row.last.count());
      result.push_back(std::move(line));
    }
    return result;
  }

  time_point begin{1h};
  flight_record record{begin};
};

struct with_targets : recorded {
  checked_node node;
  probe target{node};
};

} // namespace

TEST_CASE_FIXTURE(recorded, "events are told with their time, the oldest "
                            "first") {
  record.add(opened, at(0ms), 3);
  record.add(parked, at(20ms),
             static_cast<std::uint64_t>(end_cause::target_crashed));
  record.add(resumed, at(30ms), 2);
  record.add(refused, at(40ms), static_cast<std::uint64_t>(errc::target_down));
  record.add(leaving, at(50ms), 1000);
  record.add(flight_event::closing, at(60ms), 1000);
  record.add(closed, at(70ms));
  CHECK(lines()
        == strings{"+0 opened 3ms", "+20 parked target_crashed",
                   "+30 resumed 2", "+40 refused target_down",
                   "+50 leaving 1000", "+60 closing 1000", "+70 closed"});
  CHECK(record.left_out() == 0);
}

TEST_CASE_FIXTURE(recorded, "a record of nothing is empty") {
  CHECK(record.rows().empty());
  CHECK(record.line() == "");
  CHECK(record.left_out() == 0);
}

TEST_CASE_FIXTURE(recorded, "a clock that goes back is at the beginning") {
  record.add(opened, begin - 1s, 0);
  CHECK(lines() == strings{"+0 opened 0ms"});
}

TEST_CASE_FIXTURE(recorded, "a time beyond what 32 bits count is the last") {
  record.add(opened, begin + 24h * 50, 0); // 49.7 days
  CHECK(lines() == strings{"+4294967295 opened 0ms"});
}

TEST_CASE_FIXTURE(recorded, "a number beyond what 40 bits count is the last") {
  record.add(leaving, at(0ms), (std::uint64_t{1} << 40) - 2);
  record.add(leaving, at(0ms), (std::uint64_t{1} << 40) - 1);
  record.add(leaving, at(0ms), std::uint64_t{1} << 40);
  CHECK(lines()
        == strings{"+0 leaving 1099511627774", "+0 leaving 1099511627775",
                   "+0 leaving 1099511627775"});
}

// -- counted ------------------------------------------------------------------

TEST_CASE_FIXTURE(recorded, "a pause right behind another one is counted") {
  record.add(paused, at(1ms), 10);
  record.add(paused, at(2ms), 20);
  record.add(paused, at(5ms), 30);
  CHECK(lines() == strings{"+1 paused 30 x3 until 5"});
}

TEST_CASE_FIXTURE(recorded, "so are drops and hang-ups, each as itself") {
  record.add(dropped, at(1ms), 1);
  record.add(dropped, at(2ms), 2);
  record.add(hung_up, at(3ms));
  record.add(hung_up, at(4ms));
  record.add(dropped, at(5ms), 3);
  CHECK(lines()
        == strings{"+1 dropped 2 x2 until 2", "+3 hung_up x2 until 4",
                   "+5 dropped 3"});
}

TEST_CASE_FIXTURE(recorded, "other events are told one by one") {
  record.add(resumed, at(1ms), 1);
  record.add(resumed, at(2ms), 1);
  CHECK(lines() == strings{"+1 resumed 1", "+2 resumed 1"});
}

TEST_CASE_FIXTURE(recorded, "a count ends at 65535") {
  for (auto i = 0; i < 65'534; ++i)
    record.add(paused, at(1ms), 1);
  CHECK(record.rows().front().count == 65'534);
  record.add(paused, at(2ms), 1);
  CHECK(record.rows().front().count == 65'535);
  record.add(paused, at(3ms), 1);
  CHECK(record.rows().front().count == 65'535);
  CHECK(record.rows().front().last == 3ms);
  CHECK(record.rows().size() == 1);
}

// -- the ring -----------------------------------------------------------------

TEST_CASE_FIXTURE(recorded, "a record holds 32 events, and counts those that "
                            "have gone") {
  constexpr auto most = flight_record::capacity;
  static_assert(most == 32);
  for (std::size_t i = 0; i < most; ++i) {
    record.add(resumed, at(milliseconds{i}), i);
    CHECK(record.rows().size() == i + 1);
  }
  CHECK(record.left_out() == 0);
  CHECK(lines().front() == "+0 resumed 0");
  record.add(resumed, at(32ms), 32);
  CHECK(record.rows().size() == most);
  CHECK(record.left_out() == 1);
  CHECK(lines().front() == "+1 resumed 1");
  CHECK(lines().back() == "+32 resumed 32");
  for (auto i = 33; i < 100; ++i)
    record.add(resumed, at(milliseconds{i}), static_cast<std::uint64_t>(i));
  CHECK(record.left_out() == 68);
  CHECK(record.rows().size() == most);
  CHECK(lines().front() == "+68 resumed 68");
  CHECK(lines().back() == "+99 resumed 99");
}

TEST_CASE_FIXTURE(recorded, "a pause is counted also where the ring has begun "
                            "again") {
  for (auto i = 0; i < 40; ++i) {
    record.add(resumed, at(milliseconds{i}), 0);
    record.add(paused, at(milliseconds{i}), 1);
    record.add(paused, at(milliseconds{i}), 2);
  }
  CHECK(record.rows().size() == 32);
  CHECK(record.left_out() == 48);
  CHECK(lines().front() == "+24 resumed 0");
  CHECK(lines().back() == "+39 paused 2 x2 until 39");
}

TEST_CASE_FIXTURE(recorded, "a record in one line says what has gone") {
  record.add(opened, at(0ms), 3);
  record.add(paused, at(5ms), 7);
  record.add(paused, at(6ms), 8);
  record.add(closed, at(9ms));
  CHECK(record.line() == "+0ms opened 3ms; +5ms paused 8 x2; +9ms closed");
  for (std::uint64_t i = 0; i < 31; ++i)
    record.add(resumed, at(10ms), i);
  CHECK(record.left_out() == 2);
  CHECK(record.line().starts_with(
      "2 before; +9ms closed; +10ms resumed 0; +10ms resumed 1; "));
  CHECK(record.line().ends_with("; +10ms resumed 30"));
}

// -- targets ------------------------------------------------------------------

TEST_CASE_FIXTURE(with_targets, "a target of this node is told by its id") {
  auto id = std::to_string(target.actor().id());
  record.add(asked, at(1ms), target.actor());
  record.add(joined, at(2ms), target.actor());
  CHECK(lines() == strings{"+1 asked " + id, "+2 joined " + id});
}

TEST_CASE_FIXTURE(with_targets, "a target of another node is told with its "
                                "node") {
  far_node one{node, '1'}, other{node, '2'};
  auto here = one.spawn(), there = other.spawn();
  record.add(asked, at(1ms), here);
  record.add(joined, at(2ms), here);
  record.add(joined, at(3ms), there);
  CHECK(
      lines()
      == strings{
          "+1 asked " + std::to_string(here.id()) + "@" + to_string(one.id()),
          "+2 joined " + std::to_string(here.id()) + "@" + to_string(one.id()),
          "+3 joined " + std::to_string(there.id()) + "@"
              + to_string(other.id())});
}

TEST_CASE_FIXTURE(with_targets, "only the first eight other nodes are named") {
  std::vector<std::unique_ptr<far_node>> nodes;
  for (char digit : std::string{"123456789a"}) {
    nodes.push_back(std::make_unique<far_node>(node, digit));
    record.add(joined, at(1ms), nodes.back()->directory);
  }
  record.add(joined, at(2ms), nodes.front()->directory);
  record.add(joined, at(3ms), target.actor());
  auto all = lines();
  REQUIRE(all.size() == 12);
  CHECK(all[7].ends_with("@" + to_string(nodes[7]->id())));
  CHECK(all[8].ends_with("@?"));
  CHECK(all[9].ends_with("@?"));
  CHECK(all[10].ends_with("@" + to_string(nodes[0]->id())));
  CHECK(all[11] == "+3 joined " + std::to_string(target.actor().id()));
}

// -- the report ---------------------------------------------------------------

TEST_CASE_FIXTURE(recorded, "a report tells of the end, the trace and the "
                            "events") {
  record.add(opened, at(0ms), 3);
  record.trace = make_trace();
  record.compressed = true;
  connection_numbers numbers{};
  numbers.messages_in = 7;
  record.finish({end_cause::slow_consumer, 1013, "too slow",
                 milliseconds{1'700'000'000'000}, numbers});
  auto report = report_of(record);
  CHECK(report.phase == "ended");
  CHECK(report.cause == "slow_consumer");
  CHECK(report.code == 1013);
  CHECK(report.text == "too slow");
  CHECK(report.ended_at == milliseconds{1'700'000'000'000});
  CHECK(report.numbers.messages_in == 7);
  CHECK(report.trace == trace_text(record.trace));
  CHECK(report.compressed);
  CHECK(report.opened_at == record.opened_at());
  CHECK(report.opened_at.count() > 0);
  REQUIRE(report.events.size() == 1);
  CHECK(report.events[0].what == "opened");
  CHECK(report.events_left_out == 0);
}

TEST_CASE_FIXTURE(recorded, "a report of a record without trace or end has "
                            "none") {
  for (std::uint64_t i = 0; i < 33; ++i)
    record.add(resumed, at(1ms), i);
  auto report = report_of(record);
  CHECK(report.trace == "");
  CHECK_FALSE(report.compressed);
  CHECK(report.cause == "");
  CHECK(report.code == 0);
  CHECK(report.ended_at == 0ms);
  CHECK(report.events.size() == 32);
  CHECK(report.events_left_out == 1);
}

} // namespace wsrelay::flight_record_test
