// The hub, tested as a user tests a target.
#include "tools/examples/hub.hpp"
#include "test/kit/test_node.hpp"

#include <doctest/doctest.h>

namespace wsrelay::hub_test {

using namespace wsrelay::test;

TEST_CASE("a hub sends each message to all of its clients") {
  test_node node;
  auto hub = node.system().spawn(examples::hub);
  auto ann = node.connect(hub);
  auto bob = node.connect(hub);
  node.run();
  ann.send_text("hi");
  node.run();
  CHECK(ann.take() == std::vector{text("hi")});
  CHECK(bob.take() == std::vector{text("hi")});
}

TEST_CASE("a hub keeps the type of a message") {
  test_node node;
  auto client = node.connect(node.system().spawn(examples::hub));
  node.run();
  client.send_binary("\x01\x02");
  node.run();
  CHECK(client.take() == std::vector{binary("\x01\x02")});
}

TEST_CASE("a hub forgets a client that left") {
  test_node node;
  auto hub = node.system().spawn(examples::hub);
  auto ann = node.connect(hub);
  auto bob = node.connect(hub);
  node.run();
  bob.lose();
  node.run();
  ann.send_text("anybody?");
  node.run();
  CHECK(ann.take() == std::vector{text("anybody?")});
  CHECK(bob.received().empty());
}

} // namespace wsrelay::hub_test
