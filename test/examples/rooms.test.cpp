// Rooms, and the handler that keeps them.
#include "tools/examples/rooms.hpp"
#include "test/kit/test_node.hpp"
#include "test/kit/with_doctest.hpp"

namespace wsrelay::rooms_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  test_node node;
  caf::actor keeper = node.system().spawn(examples::room_keeper);
  std::size_t before = node.running_actors();

  caf::expected<http_response> ask(const std::string& room) {
    http_request request;
    request.params = {{"room", room}};
    return node.ask(keeper, request);
  }

  fake_client enter(const std::string& room) {
    return node.connect(ask(room)->relay->target, {.name = room});
  }

  // Rooms and connections.
  std::size_t actors() {
    node.run();
    return node.running_actors() - before;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a room hears its own members only") {
  auto ann = enter("blue");
  auto bob = enter("blue");
  auto eve = enter("red");
  ann.send_text("hi");
  expect_all({ann, bob}).text("hi");
  eve.expect_nothing();
}

TEST_CASE_FIXTURE(fixture,
                  "a room ends with its last member and is made anew") {
  auto ann = enter("blue");
  auto bob = enter("blue");
  node.run(); // both are in it
  ann.close();
  CHECK(actors() == 2);
  bob.close();
  CHECK(actors() == 0);
  auto again = enter("blue");
  again.send_text("hi");
  again.expect_text("hi");
}

TEST_CASE_FIXTURE(fixture, "a room ends with a client that says nothing") {
  auto guest = node.system().spawn([](caf::event_based_actor*) {
    return caf::behavior{[](const ws_send&) {}};
  });
  node.send(ask("blue")->relay->target, ws_join{guest, "1@far", "{}"});
  CHECK(actors() == 2);
  caf::anon_send_exit(guest, caf::exit_reason::kill);
  CHECK(actors() == 0);
}

TEST_CASE_FIXTURE(fixture, "a room that nobody is let into ends") {
  node.refuse(*ask("blue"));
  CHECK(actors() == 0);
  auto ann = enter("blue");
  node.refuse(*ask("blue")); // somebody else
  CHECK(actors() == 2);
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
