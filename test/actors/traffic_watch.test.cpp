// Who watches a connection: every event, within the watcher's credit, and never
// at the cost of the connection.
#include "actors/traffic_watch.hpp"

#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <deque>

namespace wsrelay::traffic_watch_test {

using namespace wsrelay::test;

namespace {

std::string to_line(const ws_traffic& event) {
  static constexpr const char* kinds[] = {"in", "out", "moved", "ended"};
  std::string line = kinds[static_cast<int>(event.kind)];
  line += " " + std::to_string(event.number);
  if (event.kind == traffic_kind::in || event.kind == traffic_kind::out) {
    line += event.type == message_type::text ? " text " : " binary ";
    line += std::to_string(event.size);
  }
  if (event.kind == traffic_kind::ended)
    line += " " + std::string{to_text(event.reason)};
  if (!event.data.empty())
    line += " " + std::string{event.data.view()};
  if (event.missed > 0)
    line += " missed=" + std::to_string(event.missed);
  return line;
}

// Records what it is told; answers at once, late, or with errors.
struct watcher {
  explicit watcher(test_node& node)
      : actor{node.system().spawn([this](caf::event_based_actor* self) {
          self->set_default_handler(caf::drop);
          return caf::behavior{
              [this, self](const ws_traffic& event) -> caf::result<void> {
                log.push_back(to_line(event));
                pids.push_back(std::string{event.client_pid.view()});
                if (refuse)
                  return caf::sec::unexpected_message;
                if (!hold)
                  return caf::unit;
                auto promise = self->make_response_promise();
                held.push_back(promise);
                return promise;
              },
              [this, self](caf::ok_atom) {
                for (; answers > 0 && !held.empty(); --answers) {
                  held.front().deliver(caf::unit);
                  held.pop_front();
                }
              },
              [self](caf::exit_reason reason) { self->quit(reason); },
          };
        })} {}

  ~watcher() { caf::anon_send_exit(actor, caf::exit_reason::kill); }

  void answer(test_node& node, std::size_t count) {
    answers = count;
    node.send(actor, caf::ok_atom_v);
    node.run();
  }

  bool hold = false;
  bool refuse = false;
  std::size_t answers = 0;
  std::deque<caf::response_promise> held;
  strings log;
  strings pids;
  caf::actor actor;
};

struct watched : connected {
  watcher by{node};

  caf::error watch(const caf::actor& who, bool payload = false) {
    return answer(ws_watch{who, payload});
  }

  void send(std::string text) {
    node.send(client.actor(), ws_send{message_type::text, text});
    node.run();
  }
};

} // namespace

TEST_CASE_FIXTURE(watched, "a watcher is told of messages both ways, with "
                           "their numbers and sizes, without their data") {
  say("before");
  CHECK_FALSE(watch(by.actor));
  say("four");
  client.send_binary("12345");
  node.run();
  send("to you");
  CHECK(by.log == strings{"in 2 text 4", "in 3 binary 5", "out 1 text 6"});
  CHECK(by.pids[0] == to_string(client.actor()));
}

TEST_CASE_FIXTURE(watched, "a watcher that asks for data gets it, until it "
                           "watches again without") {
  CHECK_FALSE(watch(by.actor, true));
  say("hello");
  send("you too");
  CHECK_FALSE(watch(by.actor, false));
  say("bye");
  CHECK(by.log
        == strings{"in 1 text 5 hello", "out 1 text 7 you too", "in 2 text 3"});
}

TEST_CASE_FIXTURE(watched, "a watcher is told of the new target of a transfer, "
                           "and not of one that is rolled back") {
  CHECK_FALSE(watch(by.actor));
  say("x");
  CHECK_FALSE(answer(move_to(other)));
  CHECK(by.log.back() == "moved 1 " + to_string(other.actor()));
  target.refuse_joins(make_error(errc::busy));
  CHECK(answer(move_to(target)));
  CHECK(by.log.size() == 2);
}

TEST_CASE_FIXTURE(watched, "a watcher is told of the end, once and last") {
  CHECK_FALSE(watch(by.actor));
  SUBCASE("by the client") {
    client.close(4001, "bye");
    node.run();
    CHECK(by.log == strings{"ended 4001 client_closed bye"});
  }
  SUBCASE("by an actor") {
    CHECK_FALSE(answer(ws_close{4002, "go"}));
    send("too late");
    client.close(4002);
    node.run();
    CHECK(by.log == strings{"ended 4002 closed go"});
  }
  SUBCASE("by a kill") {
    caf::anon_send_exit(client.actor(), caf::exit_reason::kill);
    node.run();
    CHECK(by.log
          == strings{"ended 1011 exited connection failed: connect again"});
  }
  CHECK(client.exit_reason());
}

TEST_CASE_FIXTURE(watched, "watching a connection that closes is an error") {
  client.stall();
  node.send(client.actor(), ws_close{1000, ""});
  node.run();
  CHECK(is(watch(by.actor), errc::closing));
}

TEST_CASE_FIXTURE(watched, "a watch without a watcher is an error") {
  CHECK(is(watch(caf::actor{}), errc::invalid_message));
}

TEST_CASE_FIXTURE(watched, "a connection has at most 16 watchers") {
  std::deque<watcher> others;
  for (std::size_t i = 0; i < max_watchers; ++i)
    CHECK_FALSE(watch(others.emplace_back(node).actor));
  CHECK(is(watch(by.actor), errc::busy));
  // One that is known already is no new one.
  CHECK_FALSE(watch(others[3].actor, true));
  others.pop_back();
  node.run();
  CHECK_FALSE(watch(by.actor));
  say("x");
  CHECK(by.log.size() == 1);
  CHECK(others[3].log == strings{"in 1 text 1 x"});
}

TEST_CASE_FIXTURE(watched, "a watcher that was silent for 30 s gives its place "
                           "to a new one") {
  std::deque<watcher> others;
  for (std::size_t i = 0; i < max_watchers; ++i)
    CHECK_FALSE(watch(others.emplace_back(node).actor));
  others[3].hold = others[4].hold = true;
  say("x");
  node.advance(milliseconds{1000});
  say("x");
  node.advance(watch_patience - milliseconds{1001});
  CHECK(is(watch(by.actor), errc::busy));
  others[4].answer(node, 1); // late, and one is open still
  node.advance(milliseconds{1});
  CHECK_FALSE(watch(by.actor));
  say("y");
  CHECK(by.log.size() == 1);
  CHECK(others[3].log.size() == 2);
  for (auto i : {2, 4, 5})
    CHECK(others[i].log.size() == 3);
  watcher late{node};
  CHECK(is(watch(late.actor), errc::busy));
}

TEST_CASE_FIXTURE(watched, "events beyond a watcher's credit are missed and "
                           "counted, and the client never waits") {
  by.hold = true;
  CHECK_FALSE(watch(by.actor));
  for (std::size_t i = 0; i < watch_window; ++i)
    say("x");
  CHECK(by.log.size() == watch_window);
  CHECK(by.log.back() == "in 128 text 1");
  say("missed");
  say("missed");
  CHECK(by.log.size() == watch_window);
  CHECK(target.messages().size() == watch_window + 2);
  by.answer(node, 1);
  say("x");
  say("missed");
  CHECK(by.log.back() == "in 131 text 1 missed=2");
  by.answer(node, 1);
  say("x");
  CHECK(by.log.back() == "in 133 text 1 missed=1");
}

TEST_CASE_FIXTURE(watched, "the end reaches a watcher without credit") {
  by.hold = true;
  CHECK_FALSE(watch(by.actor));
  for (std::size_t i = 0; i < watch_window + 3; ++i)
    say("x");
  client.close(1000);
  node.run();
  CHECK(by.log.back() == "ended 1000 client_closed missed=3");
}

TEST_CASE("payloads use up a watcher's credit in bytes") {
  client_options options;
  options.output_limit = 4 * watch_window_bytes;
  connected on{options};
  on.client.stall();
  watcher by{on.node};
  by.hold = true;
  CHECK_FALSE(on.answer(ws_watch{by.actor, true}));
  auto send = [&](std::size_t size) {
    on.node.send(on.client.actor(),
                 ws_send{message_type::binary, std::string(size, 'x')});
    on.node.run();
  };
  SUBCASE("up to the limit") {
    send(watch_window_bytes - 1);
    send(1);
    CHECK(by.log.size() == 2);
    send(1);
    CHECK(by.log.size() == 2);
    by.answer(on.node, 2);
    send(1);
    CHECK(by.log.size() == 3);
  }
  SUBCASE("not over it") {
    send(watch_window_bytes - 1);
    send(2);
    CHECK(by.log.size() == 1);
  }
  SUBCASE("but for one alone") {
    send(watch_window_bytes + 1);
    CHECK(by.log.size() == 1);
    send(1);
    CHECK(by.log.size() == 1);
  }
  SUBCASE("and none without payloads") {
    CHECK_FALSE(on.answer(ws_watch{by.actor, false}));
    send(watch_window_bytes);
    send(watch_window_bytes);
    CHECK(by.log.size() == 2);
  }
}

TEST_CASE_FIXTURE(watched, "a watcher that answers with an error hears no "
                           "more") {
  by.refuse = true;
  CHECK_FALSE(watch(by.actor));
  say("x");
  say("x");
  client.close(1000);
  node.run();
  CHECK(by.log.size() == 1);
  CHECK(target.messages().size() == 2);
}

TEST_CASE_FIXTURE(watched, "the end of a watcher does not touch the "
                           "connection") {
  CHECK_FALSE(watch(by.actor));
  node.send(by.actor, caf::exit_reason::unknown);
  node.run();
  say("x");
  CHECK(by.log.empty());
  CHECK(client.is_open());
  CHECK(target.messages().size() == 1);
}

TEST_CASE_FIXTURE(watched, "a watcher that does not answer holds nothing up") {
  by.hold = true;
  CHECK_FALSE(watch(by.actor, true));
  say("x");
  client.close(1000);
  node.run();
  CHECK(client.exit_reason());
  CHECK(target.log().back() == "leave client_closed 1000 last=1");
}

TEST_CASE_FIXTURE(watched, "a target may watch its own connection, and its end "
                           "is noticed after it gave the connection away") {
  // The probe does not know ws_traffic: it refuses and hears no more. Refused
  // or not, as target it must stay monitored.
  CHECK_FALSE(watch(target.actor()));
  CHECK_FALSE(answer(move_to(other)));
  CHECK_FALSE(watch(target.actor()));
  target.end();
  node.run();
  CHECK(client.is_open());
  other.end();
  node.run();
  CHECK_FALSE(client.is_open());
}

} // namespace wsrelay::traffic_watch_test
