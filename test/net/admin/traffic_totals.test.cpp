// Sums of what loops count, and what came since.
#include "net/admin/traffic_totals.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

namespace wsrelay::traffic_totals_test {

using namespace std::chrono_literals;

namespace {

duration_totals of(std::initializer_list<std::chrono::microseconds> all) {
  duration_histogram durations;
  for (auto each : all)
    durations.add(each);
  duration_totals result;
  result.add(durations);
  return result;
}

void count(relay_counts& out, std::uint64_t times) {
  out.requests.add(times);
  out.opened.add(2 * times);
  out.messages_in.add(3 * times);
  out.bytes_in.add(4 * times);
  out.messages_out.add(5 * times);
  out.bytes_out.add(6 * times);
  out.pauses.add(7 * times);
  out.transfers.add(8 * times);
  out.failed_transfers.add(9 * times);
  out.dropped.add(10 * times);
  out.parked.add(11 * times);
  for (std::size_t i = 0; i < connection_phase_count; ++i)
    out.phases[i].add((i + 1) * times);
  out.ended[2][3].add(12 * times);
  out.ended[end_cause_count - 1][close_code_kinds - 1].add(times);
  out.answers.add(1ms);
  out.writes.add(2ms);
  out.handlers.add(3ms);
  out.upstreams.add(4ms);
}

void check_counts(const traffic_totals& of, std::uint64_t times,
                  std::uint64_t adders) {
  CHECK(of.requests == times);
  CHECK(of.opened == 2 * times);
  CHECK(of.messages_in == 3 * times);
  CHECK(of.bytes_in == 4 * times);
  CHECK(of.messages_out == 5 * times);
  CHECK(of.bytes_out == 6 * times);
  CHECK(of.pauses == 7 * times);
  CHECK(of.transfers == 8 * times);
  CHECK(of.failed_transfers == 9 * times);
  CHECK(of.dropped == 10 * times);
  CHECK(of.parked == 11 * times);
  for (std::size_t i = 0; i < connection_phase_count; ++i)
    CHECK(of.phases[i] == (i + 1) * times);
  CHECK(of.open() == 21 * times);
  CHECK(of.ended[2][3] == 12 * times);
  CHECK(of.ended[end_cause_count - 1][close_code_kinds - 1] == times);
  CHECK(of.ended[0][0] == 0);
  CHECK(of.answers.total() == adders);
  CHECK(of.answers.sum == 1ms * static_cast<int>(adders));
  CHECK(of.writes.sum == 2ms * static_cast<int>(adders));
  CHECK(of.handlers.sum == 3ms * static_cast<int>(adders));
  CHECK(of.upstreams.sum == 4ms * static_cast<int>(adders));
}

} // namespace

// -- durations ----------------------------------------------------------------

TEST_CASE("durations of several histograms are added up") {
  auto all = of({10us, 100us});
  all.add(of({10us, 20s}));
  CHECK(all.total() == 4);
  CHECK(all.counts[0] == 2);
  CHECK(all.counts[1] == 1);
  CHECK(all.counts.back() == 1);
  CHECK(all.sum == 20s + 120us);
}

TEST_CASE("a quantile is the bound of the bucket that holds it") {
  auto all = of({50us, 50us, 100us, 250us}); // one bucket each
  CHECK(all.quantile(0) == 50us);
  CHECK(all.quantile(0.25) == 50us);
  CHECK(all.quantile(0.5) == 50us);
  CHECK(all.quantile(0.51) == 100us);
  CHECK(all.quantile(0.75) == 100us);
  CHECK(all.quantile(0.76) == 250us);
  CHECK(all.quantile(0.99) == 250us);
  CHECK(all.quantile(1) == 250us);
}

TEST_CASE("a quantile of nothing is 0, one beyond the bounds the largest") {
  CHECK(duration_totals{}.quantile(0.5) == 0us);
  CHECK(of({20s}).quantile(0.5) == 10s);
  CHECK(of({1us, 20s}).quantile(0.5) == 50us);
}

TEST_CASE("one duration is every quantile") {
  for (auto share : {0.01, 0.5, 0.99, 1.0})
    CHECK(of({3ms}).quantile(share) == 5ms);
}

TEST_CASE("what has come since is the difference") {
  auto before = of({10us, 3ms});
  auto now = before;
  now.add(of({20us, 20s}));
  auto since = now.since(before);
  CHECK(since.total() == 2);
  CHECK(since.counts[0] == 1);
  CHECK(since.counts.back() == 1);
  CHECK(since.sum == 20s + 20us);
  CHECK(now.since(now).total() == 0);
  CHECK(now.since({}).total() == 4);
}

// -- counts -------------------------------------------------------------------

TEST_CASE("counts of loops are added up, each as itself") {
  relay_counts one{"ws"}, other{"ws"};
  count(one, 1);
  count(other, 100);
  traffic_totals all;
  all.add(one);
  check_counts(all, 1, 1);
  all.add(other);
  check_counts(all, 101, 2);
  traffic_totals twice = all;
  twice.add(all);
  check_counts(twice, 202, 4);
}

TEST_CASE("totals of a service are by endpoint, of all its loops") {
  auto all = std::make_shared<traffic_ledger>();
  loop_ledger one{all}, other{all};
  one.of("a")->opened.add(1);
  other.of("a")->opened.add(10);
  other.of("b")->opened.add(100);
  auto totals = totals_of(*all);
  REQUIRE(totals.size() == 2);
  CHECK(totals["a"].opened == 11);
  CHECK(totals["b"].opened == 100);
}

// -- the ledger ---------------------------------------------------------------

TEST_CASE("a loop has one set of counts for an endpoint") {
  auto all = std::make_shared<traffic_ledger>();
  loop_ledger mine{all};
  auto first = mine.of("a");
  CHECK(first->endpoint == "a");
  CHECK(mine.of("a") == first);
  CHECK(mine.of("b") != first);
  CHECK(all->all().size() == 2);
}

TEST_CASE("counts that nobody writes any more are used again") {
  auto all = std::make_shared<traffic_ledger>();
  auto before = std::make_unique<loop_ledger>(all);
  before->of("a")->opened.add(1);
  auto connection = before->of("b");
  before.reset(); // a reload
  loop_ledger after{all};
  after.of("a")->opened.add(10);
  CHECK(after.of("b") != connection); // which still writes
  CHECK(all->all().size() == 3);
  CHECK(totals_of(*all)["a"].opened == 11);
}

TEST_CASE("endpoints that are no more are forgotten without their writers") {
  auto all = std::make_shared<traffic_ledger>();
  auto before = std::make_unique<loop_ledger>(all);
  before->of("stays");
  before->of("gone");
  auto connection = before->of("gone but used");
  before.reset();
  auto names = [&] {
    std::vector<std::string> result;
    for (auto& each : all->all())
      result.push_back(each->endpoint);
    return result;
  };
  all->keep({"stays"});
  CHECK(names() == std::vector<std::string>{"stays", "gone but used"});
  connection.reset();
  all->keep({"stays"});
  CHECK(names() == std::vector<std::string>{"stays"});
}

TEST_CASE("refusals are counted by their check, from any thread") {
  traffic_ledger all;
  CHECK(all.refusals().empty());
  std::vector<std::thread> threads;
  for (auto i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      for (auto j = 0; j < 1000; ++j)
        all.add_refusal("origin");
    });
  all.add_refusal("path");
  for (auto& each : threads)
    each.join();
  CHECK(all.refusals()
        == traffic_ledger::refusal_counts{{"origin", 2000}, {"path", 1}});
}

} // namespace wsrelay::traffic_totals_test
