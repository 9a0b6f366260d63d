// One thing after the other, and what may go wrong between two of them.
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::faults_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  checked_node node;
  probe target{node};
  fake_client ann = joined();

  fake_client joined() {
    auto result = node.connect(target);
    node.run();
    return result;
  }

  void say(std::string_view word) {
    node.send(ann.actor(), ws_send{message_type::text, shared_buffer{word}});
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a step is one message, and tells whether one was") {
  ann.send_text("1");
  ann.send_text("2");
  auto steps = 0;
  std::vector<std::size_t> heard;
  while (node.step()) {
    ++steps;
    if (heard.empty() || heard.back() != target.messages().size())
      heard.push_back(target.messages().size());
  }
  CHECK(heard == std::vector<std::size_t>{0, 1, 2});
  CHECK(steps >= 4); // two that were read, two that were handled
  CHECK_FALSE(node.step());
}

TEST_CASE_FIXTURE(fixture, "runs until what a test waits for, and no further") {
  ann.send_text("1");
  ann.send_text("2");
  CHECK(node.run_until([&] { return target.messages().size() == 1; }));
  CHECK(target.messages().size() == 1);
  CHECK(node.run_until([&] { return target.messages().size() == 1; }));
  CHECK_FALSE(node.run_until([&] { return target.messages().size() == 9; }));
  CHECK(target.messages().size() == 2);
}

TEST_CASE_FIXTURE(fixture, "a client is lost between two of its messages") {
  ann.send_text("1");
  ann.send_text("2");
  node.run_until([&] { return target.messages().size() == 1; });
  ann.reset();
  node.run();
  CHECK(target.log()
        == strings{"join {}", "message 1 1",
                   "leave connection_lost 1006 last=1"});
}

TEST_CASE_FIXTURE(fixture, "or stalls") {
  say("1");
  say("2");
  node.run_until([&] { return ann.received().size() == 1; });
  ann.stall();
  say("3");
  node.run();
  CHECK(ann.received().size() < 3);
  ann.read_again();
  node.run();
  CHECK(ann.received().size() == 3);
}

TEST_CASE_FIXTURE(fixture, "time goes on to what is due next") {
  strings rung;
  auto alarm = [&](milliseconds time) {
    node.system().spawn([&rung, time](caf::event_based_actor* self) {
      self->delayed_send(self, time, caf::tick_atom::value);
      return caf::behavior{[&rung, time, self](caf::tick_atom) {
        rung.push_back(std::to_string(time.count()));
        self->quit();
      }};
    });
  };
  alarm(milliseconds{20});
  alarm(milliseconds{10});
  auto begin = node.now();
  while (rung.empty())
    REQUIRE(node.advance_to_next());
  CHECK(node.now() - begin == milliseconds{10});
  while (rung.size() < 2)
    REQUIRE(node.advance_to_next());
  CHECK(node.now() - begin == milliseconds{20});
  CHECK(rung == strings{"10", "20"});
}

TEST_CASE("nothing is due on a node without timers") {
  test_node node;
  CHECK_FALSE(node.advance_to_next());
}

TEST_CASE_FIXTURE(fixture, "the n-th write breaks the socket") {
  ann.fail_write(2);
  say("1");
  say("2");
  say("3");
  node.run();
  CHECK(ann.take() == std::vector{text("1")});
  CHECK_FALSE(ann.is_open());
  CHECK(target.log().back() == "leave connection_lost 1006 last=0");
}

TEST_CASE_FIXTURE(fixture, "or waits, and so do those behind it") {
  ann.delay_write(milliseconds{50}, 2);
  say("1");
  say("2");
  say("3");
  node.run();
  CHECK(ann.take() == std::vector{text("1")});
  node.advance(milliseconds{49});
  CHECK(ann.take().empty());
  node.advance(milliseconds{1});
  CHECK(ann.take() == std::vector{text("2"), text("3")});
}

TEST_CASE_FIXTURE(fixture,
                  "the n-th join fails, and its target hears nothing") {
  node.fail_request<ws_join>(make_error(errc::invalid_message, "no"), 2);
  auto bob = node.connect(target);
  node.run(); // his is the first one
  auto eve = node.connect(target);
  node.run();
  CHECK(target.joins().size() == 2); // ann and bob
  CHECK(bob.is_open());
  REQUIRE(eve.close_frame());
  CHECK(eve.close_frame()->code == 1011);
  node.connect(target);
  node.run();
  CHECK(target.joins().size() == 3);
}

TEST_CASE_FIXTURE(fixture, "a look-up fails") {
  REQUIRE(node.put("other", target));
  node.fail_request<directory_get>(make_error(errc::no_such_target, "gone"));
  ws_control order;
  order.target_pid = "other";
  auto moved = node.request<void>(ann.actor(), order);
  REQUIRE_FALSE(moved);
  CHECK(is(moved.error(), errc::no_such_target));
  CHECK(ann.is_open());
  CHECK(node.request<void>(ann.actor(), order));
}

TEST_CASE_FIXTURE(fixture, "an answer may take its time") {
  probe other{node};
  node.delay_message<ws_join>(milliseconds{30});
  ws_control order;
  order.target = other;
  auto moved = node.begin_request<void>(ann.actor(), order);
  node.run();
  CHECK_FALSE(moved.answered());
  CHECK(other.joins().empty());
  node.advance(milliseconds{29});
  CHECK_FALSE(moved.answered());
  node.advance(milliseconds{1});
  CHECK(moved.succeeded());
  CHECK(other.joins().size() == 1);
}

TEST_CASE("what an actor sets aside is counted once") {
  test_node node;
  strings heard;
  auto picky = node.system().spawn([&heard](caf::event_based_actor* self) {
    self->set_default_handler(caf::skip);
    return caf::behavior{[&heard, self](caf::ok_atom) {
      self->become(
          [&heard](int number) { heard.push_back(std::to_string(number)); });
    }};
  });
  node.delay_message<int>(milliseconds{50}, 3);
  node.send(picky, 1);
  node.send(picky, 2);
  node.run();
  node.send(picky, caf::ok_atom_v);
  node.run();
  CHECK(heard == strings{"1", "2"});
  node.send(picky, 3);
  node.send(picky, 4);
  node.run();
  CHECK(heard.size() == 2);
  node.advance(milliseconds{50});
  CHECK(heard == strings{"1", "2", "3", "4"});
}

TEST_CASE_FIXTURE(fixture, "two faults each count for themselves") {
  node.delay_message<ws_join>(milliseconds{5}, 1);
  node.fail_request<ws_join>(make_error(errc::invalid_message, "no"), 2);
  auto bob = node.connect(target);
  node.run(); // his is the first one
  auto eve = node.connect(target);
  node.advance(milliseconds{5});
  CHECK(target.joins().size() == 2);
  CHECK(bob.is_open());
  CHECK_FALSE(eve.is_open());
}

TEST_CASE_FIXTURE(fixture, "there is no message before the next one") {
  auto why = make_error(errc::busy);
  CHECK_THROWS_AS(node.fail_request<ws_join>(why, 0), std::invalid_argument);
  CHECK_THROWS_AS(ann.fail_write(0), std::invalid_argument);
}

TEST_CASE("a node that ends while somebody is held up leaves nothing") {
  test_node node;
  probe target{node};
  node.delay_message<ws_join>(milliseconds{1000});
  node.connect(target);
  node.run();
  CHECK(target.joins().empty());
}

} // namespace wsrelay::faults_test
