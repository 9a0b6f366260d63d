// What fails a test at the end of its node.
#include "test/kit_test/failures.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::node_checks_test {

using namespace wsrelay::test;

namespace {

struct ticker_state {
  const char* name = "ticker";
};

// Keeps itself alive.
caf::behavior ticker(caf::stateful_actor<ticker_state>* self) {
  self->delayed_send(self, milliseconds{1}, caf::tick_atom::value);
  return {[self](caf::tick_atom) {
    self->delayed_send(self, milliseconds{1}, caf::tick_atom::value);
  }};
}

caf::behavior target_of_all(caf::event_based_actor*) {
  return {[](const ws_join&) {}, [](const ws_message&) {},
          [](const ws_leave&) {}};
}

// The texts of what a node complains of at its end.
template <class Function>
std::vector<std::string> end_of_node(Function script) {
  kept_failures failures;
  {
    test_node node;
    script(node);
  }
  return failures.texts;
}

} // namespace

TEST_CASE("an actor that is left is told by name") {
  std::string pid;
  auto texts = end_of_node(
      [&](test_node& node) { pid = to_string(node.system().spawn(ticker)); });
  REQUIRE(texts.size() == 1);
  CHECK(texts[0].starts_with("actors are left at the end of the node:\n"
                             "  ticker ("
                             + pid + "), a caf::stateful_actor<"));
}

TEST_CASE("an actor that is left may be allowed: by handle, by name, all") {
  CHECK(end_of_node([](test_node& node) {
          node.allow_left_actors(node.system().spawn(ticker));
        }).empty());
  CHECK(end_of_node([](test_node& node) {
          node.allow_left_actors("ticker");
          node.system().spawn(ticker);
        }).empty());
  CHECK(end_of_node([](test_node& node) {
          node.allow_left_actors();
          node.system().spawn(ticker);
        }).empty());
  CHECK(end_of_node([](test_node& node) {
          node.allow_left_actors("other");
          node.system().spawn(ticker);
        }).size()
        == 1);
}

TEST_CASE(
    "no leak: what a test holds, what has a name, what a client, a probe or "
    "a request needs") {
  CHECK(end_of_node([](test_node& node) {
          auto held = node.system().spawn(target_of_all);
          CHECK(node.put("named", node.system().spawn(target_of_all)));
          probe silent{node};
          silent.hold();
          silent.hold_joins();
          parking_options parking;
          parking.policy = target_exit_policy::park;
          auto parked = node.connect(held, {.parking = parking});
          auto first = node.connect(held);
          auto waiting = node.connect(silent);
          auto reply = node.begin_request<void>(waiting.actor(), ws_control{});
          first.send_text("x");
        }).empty());
}

TEST_CASE("a fault that has not come true is told, unless it is forgotten") {
  auto texts = end_of_node([](test_node& node) {
    node.fail_request<ws_join>(make_error(errc::busy));
  });
  CHECK(texts
        == std::vector<std::string>{"faults that have not come true:\n"
                                    "  fail_request<wsrelay::ws_join>(1)"});
  CHECK(end_of_node([](test_node& node) {
          node.fail_request<ws_join>(make_error(errc::busy));
          node.forget_faults();
        }).empty());
}

TEST_CASE("faults of clients are told as well, also of those that have left") {
  std::string ann_name;
  std::string bob_name;
  auto script = [&](test_node& node, bool forget) {
    auto target = node.system().spawn(target_of_all);
    auto ann = node.connect(target, {.name = "ann"});
    auto bob = node.connect(target, {.name = "bob"});
    ann_name = ann.name();
    bob_name = bob.name();
    node.delay_message<ws_leave>(milliseconds{5}, 3);
    ann.fail_write(2);
    ann.delay_write(milliseconds{50}, 3);
    bob.fail_write();
    node.send(ann.actor(), ws_send{message_type::text, "x"});
    ann.expect_text("x");
    ann.lose();
    node.run();
    ann.reset(); // too late
    bob.reset(); // nobody runs
    if (forget)
      node.forget_faults();
  };
  auto texts = end_of_node([&](test_node& node) { script(node, false); });
  CHECK(texts
        == std::vector<std::string>{
            "faults that have not come true:\n"
            "  delay_message<wsrelay::ws_leave>(5ms, 3)"
            "\n  "
            + ann_name + ": reset()\n  " + ann_name + ": fail_write(2)\n  "
            + ann_name + ": delay_write(50ms, 3)\n  " + bob_name
            + ": reset()\n  " + bob_name + ": fail_write(1)"});
  CHECK(end_of_node([&](test_node& node) { script(node, true); }).empty());
}

TEST_CASE("faults of clients that come true are none of them") {
  CHECK(end_of_node([](test_node& node) {
          auto target = node.system().spawn(target_of_all);
          auto ann = node.connect(target);
          auto bob = node.connect(target);
          auto eve = node.connect(target);
          ann.fail_write();
          bob.delay_write(milliseconds{50});
          for (auto& each : {ann, bob})
            node.send(each.actor(), ws_send{message_type::text, "x"});
          eve.lose();
          eve.reset(); // in its place
          node.run();
          CHECK_FALSE(eve.is_open());
        }).empty());
}

TEST_CASE("an actor that is hidden and left is told, unless it is the relay's "
          "own") {
  auto texts = end_of_node([](test_node& node) {
    node.system().spawn<caf::hidden>(ticker);
    client_options in_group;
    in_group.groups = {"all"};
    node.connect(node.system().spawn(target_of_all), in_group);
    node.run();
  });
  REQUIRE(texts.size() == 1);
  CHECK(std::count(texts[0].begin(), texts[0].end(), '\n') == 1);
  CHECK(texts[0].ends_with(", hidden"));
}

TEST_CASE("the end of a node is told at the line of its test") {
  expectation_failed failure{"left", {"a.cpp", 10}, false};
  auto same = at_test(failure, {"a.cpp", 9});
  CHECK(same.text() == "left");
  CHECK(same.line() == 10);
  for (source_line test : {source_line{"a.cpp", 11}, source_line{"b.cpp", 1}}) {
    auto moved = at_test(failure, test);
    CHECK(moved.text() == "left\n  of what is declared at a.cpp:10");
    CHECK(moved.line() == test.line);
    CHECK(moved.file() == std::string{test.file});
    CHECK_FALSE(moved.may_throw());
  }
  expectation_failed missed{"no text", {"a.cpp", 10}, true};
  CHECK(at_test(missed, {"b.cpp", 1}).line() == 10);
}

TEST_CASE("an expectation that fails inside of an actor fails the test") {
  auto before = on_failure(nullptr);
  {
    test_node node;
    auto judge = node.system().spawn([](caf::event_based_actor* self) {
      self->set_exception_handler([](std::exception_ptr&) -> caf::error {
        return caf::sec::runtime_error;
      });
      return caf::behavior{[](caf::ok_atom) { fail("of a judge"); }};
    });
    node.send(judge, caf::ok_atom_v);
    CHECK_THROWS_AS(node.run(), expectation_failed);
    CHECK_NOTHROW(node.run());
  }
  on_failure(before);
}

TEST_CASE("who sends to himself without end ends the test") {
  auto texts = end_of_node([](test_node& node) {
    auto busy = node.system().spawn([](caf::event_based_actor* self) {
      return caf::behavior{
          [self](caf::ok_atom) { self->send(self, caf::ok_atom_v); }};
    });
    node.allow_left_actors(busy);
    node.send(busy, caf::ok_atom_v);
    node.run();
  });
  REQUIRE(texts.size() == 1);
  CHECK(texts[0].starts_with("there is no end to it"));
}

TEST_CASE("two actors that hold each other are a leak") {
  auto texts = end_of_node([](test_node& node) {
    node.system().spawn([](caf::event_based_actor* self) {
      auto second =
          self->spawn([first = caf::actor{self}](caf::event_based_actor*) {
            return caf::behavior{[first](int) {}};
          });
      return caf::behavior{[second](int) {}};
    });
  });
  REQUIRE(texts.size() == 1);
  CHECK(std::count(texts[0].begin(), texts[0].end(), '\n') == 2);
}

TEST_CASE("a test that fails already is not told of leaks") {
  kept_failures failures;
  try {
    test_node node;
    node.system().spawn(ticker);
    throw 1;
  } catch (int) {
  }
  CHECK(failures.texts.empty());
}

TEST_CASE("sends that were refused and nobody asked about fail a test") {
  std::string pid;
  auto texts = end_of_node([&](test_node& node) {
    auto client = node.connect(node.system().spawn(target_of_all));
    pid = to_string(client.actor());
    node.send(client.actor(), ws_event{"t", "no JSON"});
    node.send(client.actor(), ws_event{"ws.t", "1"});
    CHECK(is(node.request<void>(client.actor(), ws_event{"t", "{"}).error(),
             errc::invalid_json)); // this one asked
  });
  REQUIRE(texts.size() == 1);
  CHECK(texts[0].starts_with("sends were refused, and nobody has expected or "
                             "asked:\n  t to "
                             + pid + ": invalid_json"));
  CHECK(texts[0].find("\n  ws.t to " + pid + ": reserved_topic")
        != std::string::npos);
}

TEST_CASE("sends that were refused are expected, taken, or allowed") {
  auto refuse = [](test_node& node, fake_client& client) {
    node.send(client.actor(), ws_send{message_type::text, "\xFF"});
    node.send(client.actor(), ws_close{1, ""});
    node.send(client.actor(), move_to_name("nobody"));
  };
  CHECK(
      end_of_node([&](test_node& node) {
        auto client = node.connect(node.system().spawn(target_of_all));
        refuse(node, client);
        node.expect_refused_send(errc::invalid_utf8);
        node.expect_refused_send(errc::invalid_close);
        node.expect_refused_send(errc::no_such_target);
        CHECK(failure_of([&] { node.expect_refused_send(errc::invalid_json); })
              == "expected a refused send: invalid_json\n"
                 "  none was refused");
        refuse(node, client);
        CHECK(failure_of([&] { node.expect_refused_send(errc::invalid_json); })
                  .starts_with("expected a refused send: invalid_json\n"
                               "  refused instead: ws.send to "));
        CHECK(node.refused_sends().size() == 2);
        CHECK(node.take_refused_sends().at(1).topic == "ws.control");
      }).empty());
  CHECK(end_of_node([&](test_node& node) {
          node.allow_refused_sends();
          auto client = node.connect(node.system().spawn(target_of_all));
          refuse(node, client);
        }).empty());
}

TEST_CASE("what is sent to a client that has left is refused without a "
          "failure") {
  CHECK(end_of_node([](test_node& node) {
          auto client = node.connect(node.system().spawn(target_of_all));
          node.run();
          client.close();
          node.send(client.actor(), ws_send{message_type::text, "late"});
        }).empty());
}

} // namespace wsrelay::node_checks_test
