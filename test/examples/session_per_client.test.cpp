// A handler and the targets it spawns.
#include "tools/examples/session_per_client.hpp"
#include "test/kit/test_node.hpp"
#include "test/kit/with_doctest.hpp"

namespace wsrelay::session_per_client_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  test_node node;
  caf::actor handler = node.system().spawn(examples::session_handler);
  std::size_t before = node.running_actors();

  caf::expected<http_response> ask(std::string user) {
    http_request request;
    request.method = "GET";
    request.params = {{"user", std::move(user)}};
    return node.ask(handler, request);
  }

  fake_client enter(std::string user) {
    return node.connect(ask(user)->relay->target, {.name = user});
  }

  // Sessions and connections.
  std::size_t actors() {
    node.run();
    return node.running_actors() - before;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "each client gets a session that counts its "
                           "messages alone") {
  auto ann = enter("ann");
  auto bob = enter("bob");
  ann.expect_event("welcome", "\"ann\"");
  bob.expect_event("welcome", "\"bob\"");
  ann.send_text("1");
  ann.send_text("2");
  bob.send_text("1");
  ann.expect_event("count", "1");
  ann.expect_event("count", "2");
  bob.expect_event("count", "1");
}

TEST_CASE_FIXTURE(fixture, "nobody is turned away with 401 and no session") {
  auto answer = ask("nobody");
  CHECK(answer->status == 401);
  CHECK_FALSE(answer->relay);
  CHECK(actors() == 0);
}

TEST_CASE_FIXTURE(fixture, "a session ends when its client is not let in") {
  for (auto reason : {"origin", "upgrade", "timeout"}) {
    auto answer = ask("ann");
    CHECK(actors() == 1);
    node.refuse(*answer, reason);
    CHECK(actors() == 0);
  }
}

TEST_CASE_FIXTURE(fixture, "a session ends with its client") {
  auto ann = enter("ann");
  CHECK(actors() == 2);
  ann.close();
  CHECK(actors() == 0);
}

} // namespace wsrelay::session_per_client_test
