// A node that drains: who is told, and who may order it.
#include "actors/error.hpp"
#include "test/net/node_fixture.hpp"

#include <atomic>

namespace wsrelay::node_drain_test {

using namespace wsrelay::test;

namespace {

// Longer than any test may take: what would wait for it fails.
constexpr auto long_lead =
    "  drain: {lead: 1h, spread: 10ms, rate: 1000, deadline: 2h}\n";
constexpr auto no_lead =
    "  drain: {lead: off, spread: 10ms, rate: 1000, deadline: 20s}\n";

struct told {
  std::atomic<int> count{0};
  std::atomic<std::int64_t> deadline{0};
};

caf::behavior watching(caf::event_based_actor*, std::shared_ptr<told> what) {
  return {[what](const node_draining& message) {
    what->deadline = message.deadline.count();
    ++what->count;
  }};
}

struct fixture : node_fixture {
  std::shared_ptr<told> watch() {
    auto result = std::make_shared<told>();
    auto who = system.spawn(watching, result);
    spawned.push_back(who);
    caf::scoped_actor self{system};
    auto done = false;
    self->request(relay->directory(), caf::infinite, drain_watch{who})
        .receive([&] { done = true; }, [](caf::error&) {});
    CHECK(done);
    return result;
  }

  /// Returns who takes the order to drain, or null.
  caf::actor orders() {
    caf::scoped_actor self{system};
    caf::actor result;
    self->request(relay->directory(), caf::infinite,
                  directory_get{"wsrelay.drain"})
        .receive(
            [&](caf::actor& found) { result = std::move(found); },
            [](caf::error& error) { CHECK(is(error, errc::no_such_target)); });
    return result;
  }

  /// Returns whether the order was answered.
  bool give_order() {
    caf::scoped_actor self{system};
    auto done = false;
    self->request(orders(), caf::infinite, node_drain{})
        .receive([&] { done = true; }, [](caf::error&) {});
    return done;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "who watches is told of a drain before anything "
                           "closes") {
  start(make_config({}, long_lead));
  auto heard = watch();
  auto client = connect("/ws/to/echo");
  REQUIRE(client.answer().status == 101);
  CHECK(relay->is_ready());
  CHECK(heard->count == 0);
  auto was_ready = false;
  relay->drain([&] {
    was_ready = was_ready || relay->is_ready();
    return heard->count > 0;
  });
  CHECK_FALSE(was_ready);
  CHECK(heard->count == 1);
  CHECK(heard->deadline == std::chrono::milliseconds{2h}.count());
  client.send("still here");
  CHECK(client.receive() == "still here");
  auto late = connect("/ws/to/echo"); // during the lead
  CHECK(late.answer().status == 101);
  late.close();
  client.close();
}

TEST_CASE_FIXTURE(fixture, "a node that drains closes its connections with "
                           "1012, and has told who watches by then") {
  start(make_config({}, no_lead));
  auto heard = watch();
  auto client = connect("/ws/to/echo");
  REQUIRE(client.answer().status == 101);
  std::thread reader{[&client] { CHECK(client.wait_for_close() == 1012); }};
  relay->drain();
  reader.join();
  CHECK(connections() == 0);
  CHECK(holds_soon([&] { return heard->count == 1; }));
  CHECK(heard->deadline == 20'000);
}

TEST_CASE_FIXTURE(fixture, "a stop without a drain tells nobody of one") {
  start(make_config({}, no_lead));
  auto heard = watch();
  relay->stop();
  REQUIRE(relay->start());
  CHECK(relay->is_ready());
  CHECK(heard->count == 0);
}

TEST_CASE_FIXTURE(fixture, "who watches is told of each drain of a node that "
                           "starts again") {
  start(make_config({}, long_lead));
  auto heard = watch();
  for (int i = 1; i <= 2; ++i) {
    relay->drain([&] { return heard->count == i; });
    relay->stop();
    REQUIRE(relay->start());
    CHECK(relay->is_ready());
  }
  CHECK(heard->count == 2);
}

TEST_CASE_FIXTURE(fixture, "a node takes no order to drain unless its program "
                           "says so") {
  start();
  CHECK_FALSE(orders());
}

TEST_CASE_FIXTURE(fixture, "an order to drain is given to the program, and "
                           "nobody has its name after the stop") {
  start();
  std::atomic<int> count{0};
  relay->on_drain_order([&] { ++count; });
  REQUIRE(orders());
  CHECK(count == 0);
  CHECK(give_order());
  CHECK(count == 1);
  CHECK(relay->is_ready()); // to drain it is the program's affair
  CHECK(give_order());
  CHECK(count == 1); // a second one would end the draining
  relay->stop();
  CHECK(holds_soon([this] { return !orders(); }));
  REQUIRE(relay->start());
  CHECK_FALSE(orders()); // until the stop
  relay->on_drain_order([&] { count = 7; });
  CHECK(give_order());
  CHECK(count == 7);
}

TEST_CASE_FIXTURE(fixture, "the last program that takes orders gets them") {
  start();
  std::atomic<int> first{0}, second{0};
  relay->on_drain_order([&] { ++first; });
  relay->on_drain_order([&] { ++second; });
  CHECK(give_order());
  CHECK(first == 0);
  CHECK(second == 1);
}

TEST_CASE_FIXTURE(fixture, "what is no order, and errors that somebody sends, "
                           "change nothing") {
  start();
  std::atomic<int> count{0};
  relay->on_drain_order([&] { ++count; });
  auto who = orders();
  REQUIRE(who);
  caf::anon_send(who, make_error(errc::busy));
  caf::anon_send(who, directory_list{});
  CHECK(give_order());
  CHECK(count == 1);
}

TEST_CASE_FIXTURE(fixture, "an order has the node drained and stopped by who "
                           "waits for it") {
  start(make_config({}, no_lead));
  auto heard = watch();
  auto client = connect("/ws/to/echo");
  REQUIRE(client.answer().status == 101);
  std::promise<void> ordered;
  relay->on_drain_order([&] { ordered.set_value(); });
  CHECK(give_order());
  REQUIRE(ordered.get_future().wait_for(patience) == std::future_status::ready);
  std::thread reader{[&client] { CHECK(client.wait_for_close() == 1012); }};
  relay->drain();
  reader.join();
  relay->stop();
  CHECK(holds_soon([&] { return heard->count == 1; }));
}

} // namespace wsrelay::node_drain_test
