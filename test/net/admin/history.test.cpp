// Points of the history: differences of what services count.
#include "net/admin/history.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace wsrelay::history_test {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t crashed =
    static_cast<std::size_t>(end_cause::target_crashed);

struct counted_service {
  explicit counted_service(const std::string& name) {
    config->services.push_back({.name = name});
    shared = std::make_shared<service>(config, config->services.front(),
                                       caf::actor{});
    counts = shared->ledger->add("ws");
  }

  operator service_view() const { return {shared, {}, {}, nullptr}; }

  std::shared_ptr<relay_config> config = std::make_shared<relay_config>();
  std::shared_ptr<service> shared;
  std::shared_ptr<relay_counts> counts;
};

struct fixture {
  counted_service one{"one"}, other{"other"};
  history_writer writer;

  history_point next() { return writer.next({one, other}, 0ns); }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a point tells what happened since the one before") {
  one.counts->opened.add(3);
  one.counts->messages_in.add(10);
  one.counts->bytes_in.add(1000);
  one.counts->messages_out.add(20);
  one.counts->bytes_out.add(2000);
  one.counts->dropped.add(5);
  other.counts->opened.add(4);
  other.counts->messages_in.add(1);
  one.shared->ledger->add_refusal("origin");
  auto first = next();
  CHECK(first.opened == 7);
  CHECK(first.messages_in == 11);
  CHECK(first.bytes_in == 1000);
  CHECK(first.messages_out == 20);
  CHECK(first.bytes_out == 2000);
  CHECK(first.dropped == 5);
  CHECK(first.refused == 1);
  one.counts->opened.add(1);
  one.shared->ledger->add_refusal("origin");
  other.shared->ledger->add_refusal("path");
  auto second = next();
  CHECK(second.opened == 1);
  CHECK(second.messages_in == 0);
  CHECK(second.bytes_out == 0);
  CHECK(second.dropped == 0);
  CHECK(second.refused == 2);
  auto third = next();
  CHECK(third.opened == 0);
  CHECK(third.refused == 0);
}

TEST_CASE_FIXTURE(fixture, "a point tells how many connections there are") {
  auto& phases = one.counts->phases;
  phases[static_cast<std::size_t>(connection_phase::relaying)].add(5);
  phases[static_cast<std::size_t>(connection_phase::parked)].add(2);
  other.counts->phases[static_cast<std::size_t>(connection_phase::binding)]
      .add();
  for (auto i = 0; i < 2; ++i) { // now, not since
    auto point = next();
    CHECK(point.connections == 8);
    CHECK(point.parked == 2);
  }
  phases[static_cast<std::size_t>(connection_phase::parked)].sub(2);
  CHECK(next().parked == 0);
}

TEST_CASE_FIXTURE(fixture, "a point tells the close codes of its time, of all "
                           "causes") {
  one.counts->ended[crashed][close_code_kind(1011)].add(2);
  one.counts->ended[0][close_code_kind(1011)].add(1);
  other.counts->ended[0][close_code_kind(4001)].add(1);
  auto first = next();
  CHECK(first.closed[close_code_kind(1011)] == 3);
  CHECK(first.closed[close_code_kind(4999)] == 1);
  CHECK(first.closed[close_code_kind(1000)] == 0);
  one.counts->ended[0][close_code_kind(1000)].add(1);
  auto second = next();
  CHECK(second.closed[close_code_kind(1011)] == 0);
  CHECK(second.closed[close_code_kind(1000)] == 1);
}

TEST_CASE_FIXTURE(fixture, "a point tells how long the answers of its time "
                           "took") {
  CHECK(next().answer_p50 == 0);
  for (auto i = 0; i < 98; ++i)
    one.counts->answers.add(10us);
  other.counts->answers.add(4ms);
  other.counts->answers.add(4ms);
  auto first = next();
  CHECK(first.answer_p50 == 50);
  CHECK(first.answer_p99 == 5000);
  other.counts->answers.add(90us);
  auto second = next();
  CHECK(second.answer_p50 == 100);
  CHECK(second.answer_p99 == 100);
  CHECK(next().answer_p99 == 0);
}

TEST_CASE_FIXTURE(fixture, "a point has its time, and the time since the one "
                           "before") {
  auto first = next();
  CHECK(first.time > 1'600'000'000'000);
  CHECK(first.span == 0);
  auto second = next();
  CHECK(second.time >= first.time);
  CHECK(second.span == static_cast<std::uint64_t>(second.time - first.time));
}

TEST_CASE_FIXTURE(fixture, "a point has the slowest loop's lag") {
  CHECK(writer.next({one}, 1'234'567ns).lag == 1234);
  CHECK(next().queued_bytes == 0); // there is no loop
}

// -- a service that has gone --------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a service that has gone takes nothing from others' "
                           "points") {
  one.counts->messages_in.add(100);
  other.counts->messages_in.add(7);
  other.shared->ledger->add_refusal("path");
  CHECK(next().messages_in == 107);
  auto without = writer.next({one}, 0ns);
  CHECK(without.messages_in == 0);
  CHECK(without.refused == 0);
  one.counts->messages_in.add(3);
  CHECK(writer.next({one}, 0ns).messages_in == 3);
  CHECK(writer.next({}, 0ns).messages_in == 0);
}

TEST_CASE_FIXTURE(fixture,
                  "a service that has gone leaves no answers that took "
                  "no time") {
  for (auto i = 0; i < 5; ++i)
    one.counts->answers.add(10us);
  next();
  for (auto i = 0; i < 10; ++i)
    other.counts->answers.add(40ms);
  auto without = writer.next({other}, 0ns);
  CHECK((without.answer_p50 == 50'000 || without.answer_p50 == 0));
  CHECK((without.answer_p99 == 50'000 || without.answer_p99 == 0));
}

// -- the newest points --------------------------------------------------------

TEST_CASE("a history has the points of 15 minutes") {
  history all{2s};
  auto most = static_cast<std::size_t>(15min / 2s);
  for (std::size_t i = 0; i < most; ++i) {
    history_point point;
    point.time = static_cast<std::int64_t>(i);
    all.add(point);
    if (i + 1 < most)
      continue;
    CHECK(all.all().size() == most);
    CHECK(all.all().front().time == 0);
  }
  history_point last;
  last.time = 450;
  all.add(last);
  CHECK(all.all().size() == most);
  CHECK(all.all().front().time == 1);
  CHECK(all.all().back().time == 450);
}

TEST_CASE("a history of nothing is empty") {
  CHECK(history{2s}.all().empty());
}

} // namespace wsrelay::history_test
