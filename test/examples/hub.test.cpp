// The hub, tested as a user tests a target.
#include "tools/examples/hub.hpp"
#include "test/kit/test_node.hpp"
#include "test/kit/with_doctest.hpp"

namespace wsrelay::hub_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  test_node node;
  caf::actor hub = node.system().spawn(examples::hub);
  fake_client ann = node.connect(hub, {.name = "ann"});
  fake_client bob = node.connect(hub, {.name = "bob"});
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a hub sends each message to all of its clients") {
  node.run(); // both are in it
  ann.send_text("hi");
  expect_all({ann, bob}).text("hi");
  bob.send_binary("\x01\x02"); // and keeps its type
  expect_all({ann, bob}).binary("\x01\x02");
}

TEST_CASE_FIXTURE(fixture, "a hub forgets a client that left") {
  bob.lose();
  node.run();
  ann.send_text("anybody?");
  ann.expect_text("anybody?");
  bob.expect_nothing();
}

} // namespace wsrelay::hub_test
