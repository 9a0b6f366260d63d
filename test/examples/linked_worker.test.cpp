// Links between a connection and a worker.
#include "tools/examples/linked_worker.hpp"
#include "test/kit/test_node.hpp"
#include "test/kit/with_doctest.hpp"

namespace wsrelay::linked_worker_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  test_node node;
  caf::actor target = node.system().spawn(examples::work);
  std::size_t before = node.running_actors();
  fake_client client = node.connect(target);

  bool has_no_worker() { return node.running_actors() == before; }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a worker answers its client") {
  client.send_text("12");
  client.expect_event("square", "144");
}

TEST_CASE_FIXTURE(fixture, "a failed worker closes its client with 1011") {
  client.send_text("twelve");
  client.expect_close(1011);
  CHECK(has_no_worker());
}

TEST_CASE_FIXTURE(fixture, "a client that goes takes its worker along") {
  SUBCASE("lost") {
    client.lose();
  }
  SUBCASE("closed") {
    client.close();
  }
  node.run();
  CHECK(has_no_worker());
}

} // namespace wsrelay::linked_worker_test
