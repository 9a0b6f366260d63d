// Rooms, and the handler that keeps them.
#include "tools/examples/rooms.hpp"
#include "test/kit/test_node.hpp"

#include <doctest/doctest.h>

namespace wsrelay::rooms_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  test_node node;
  caf::actor keeper = node.system().spawn(examples::room_keeper);

  caf::expected<http_response> ask(const std::string& room) {
    http_request request;
    request.params = {{"room", room}};
    return node.ask(keeper, request);
  }

  fake_client enter(const std::string& room) {
    auto client = node.connect(ask(room)->relay->target);
    node.run();
    return client;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a room hears its own members only") {
  auto ann = enter("blue");
  auto bob = enter("blue");
  auto eve = enter("red");
  ann.send_text("hi");
  node.run();
  CHECK(bob.take() == std::vector{text("hi")});
  CHECK(eve.received().empty());
}

TEST_CASE_FIXTURE(fixture,
                  "a room ends with its last member and is made anew") {
  auto ann = enter("blue");
  auto bob = enter("blue");
  auto before = node.running_actors();
  ann.close();
  node.run();
  CHECK(node.running_actors() == before - 1);
  bob.close();
  node.run();
  CHECK(node.running_actors() == before - 3);
  auto again = enter("blue");
  again.send_text("hi");
  node.run();
  CHECK(again.take() == std::vector{text("hi")});
}

TEST_CASE_FIXTURE(fixture, "a room ends with a client that says nothing") {
  auto before = node.running_actors();
  auto guest = node.system().spawn([](caf::event_based_actor*) {
    return caf::behavior{[](const ws_send&) {}};
  });
  node.send(ask("blue")->relay->target, ws_join{guest, "1@far", "{}"});
  node.run();
  CHECK(node.running_actors() == before + 2);
  caf::anon_send_exit(guest, caf::exit_reason::kill);
  node.run();
  CHECK(node.running_actors() == before);
}

TEST_CASE_FIXTURE(fixture, "a room that nobody is let into ends") {
  auto before = node.running_actors();
  auto answer = ask("blue");
  CHECK(node.running_actors() == before + 1);
  node.refuse(*answer);
  CHECK(node.running_actors() == before);
  auto ann = enter("blue");
  node.refuse(*ask("blue")); // somebody else
  ann.send_text("hi");
  node.run();
  CHECK(node.running_actors() == before + 2);
}

TEST_CASE_FIXTURE(fixture, "there are at most a thousand rooms") {
  for (std::size_t i = 0; i < examples::max_rooms; ++i)
    CHECK(ask(std::to_string(i))->relay);
  auto refused = ask("one more");
  CHECK(refused->status == 503);
  CHECK_FALSE(refused->relay);
  CHECK(ask("0")->relay); // one that is there stays open
}

} // namespace wsrelay::rooms_test
