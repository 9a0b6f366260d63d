// A handler and the targets it spawns.
#include "tools/examples/session_per_client.hpp"
#include "test/kit/test_node.hpp"

#include <doctest/doctest.h>

namespace wsrelay::session_per_client_test {

using namespace wsrelay::test;

namespace {

http_request session_of(std::string user) {
  http_request request;
  request.method = "GET";
  request.params = {{"user", std::move(user)}};
  return request;
}

} // namespace

TEST_CASE("each client gets a session that counts its messages alone") {
  test_node node;
  auto handler = node.system().spawn(examples::session_handler);
  auto first = node.ask(handler, session_of("ann"));
  auto second = node.ask(handler, session_of("bob"));
  REQUIRE(first);
  REQUIRE(second);
  auto ann = node.connect(first->relay->target);
  auto bob = node.connect(second->relay->target);
  node.run();
  CHECK(ann.take_events() == std::vector{client_event{"welcome", "\"ann\""}});
  ann.send_text("1");
  ann.send_text("2");
  bob.send_text("1");
  node.run();
  CHECK(ann.take_events()
        == std::vector{client_event{"count", "1"}, client_event{"count", "2"}});
  CHECK(bob.take_events().back() == client_event{"count", "1"});
}

TEST_CASE("nobody is turned away with 401 and no session") {
  test_node node;
  auto handler = node.system().spawn(examples::session_handler);
  auto before = node.running_actors();
  auto answer = node.ask(handler, session_of("nobody"));
  REQUIRE(answer);
  CHECK(answer->status == 401);
  CHECK_FALSE(answer->relay);
  CHECK(node.running_actors() == before);
}

TEST_CASE("a session ends when its client is not let in") {
  test_node node;
  auto handler = node.system().spawn(examples::session_handler);
  node.run();
  auto before = node.running_actors();
  for (auto reason : {"origin", "upgrade", "timeout"}) {
    auto answer = node.ask(handler, session_of("ann"));
    REQUIRE(answer);
    CHECK(node.running_actors() == before + 1);
    node.refuse(*answer, reason);
    CHECK(node.running_actors() == before);
  }
}

TEST_CASE("a session ends with its client") {
  test_node node;
  auto handler = node.system().spawn(examples::session_handler);
  node.run();
  auto before = node.running_actors();
  auto answer = node.ask(handler, session_of("ann"));
  auto ann = node.connect(answer->relay->target);
  answer = caf::expected<http_response>{http_response{}};
  node.run();
  CHECK(node.running_actors() == before + 2);
  ann.close();
  node.run();
  CHECK(node.running_actors() == before);
}

} // namespace wsrelay::session_per_client_test
