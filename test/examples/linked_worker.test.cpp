// Links between a connection and a worker.
#include "tools/examples/linked_worker.hpp"
#include "test/kit/test_node.hpp"

#include <doctest/doctest.h>

namespace wsrelay::linked_worker_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  test_node node;
  caf::actor target = node.system().spawn(examples::work);
  std::size_t before = (node.run(), node.running_actors());
  fake_client client = node.connect(target);

  fixture() { node.run(); }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a worker answers its client") {
  client.send_text("12");
  node.run();
  CHECK(client.take_events() == std::vector{client_event{"square", "144"}});
}

TEST_CASE_FIXTURE(fixture, "a failed worker closes its client with 1011") {
  client.send_text("twelve");
  node.run();
  CHECK_FALSE(client.is_open());
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
  CHECK(node.running_actors() == before);
}

TEST_CASE_FIXTURE(fixture, "a lost client takes its worker along") {
  client.lose();
  node.run();
  CHECK(node.running_actors() == before);
}

TEST_CASE_FIXTURE(fixture, "a client that leaves takes its worker along") {
  client.close();
  node.run();
  CHECK(node.running_actors() == before);
}

} // namespace wsrelay::linked_worker_test
