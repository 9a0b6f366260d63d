// What is left of nodes that came and went: nothing.
#include "net/cluster/broker.hpp"
#include "net/cluster/reach.hpp"
#include "test/net/cluster/wire_fixture.hpp"

#include <filesystem>

#include <malloc.h>

namespace wsrelay::node_memory_test {

using namespace wsrelay::test;

namespace {

std::size_t entries(const char* folder) {
  std::size_t result = 0;
  for (auto& each : std::filesystem::directory_iterator{folder})
    result += each.exists() ? 1 : 0;
  return result;
}

struct fixture : wire_node {
  std::uint32_t last = 100;

  // Each is another node, which asks and is answered.
  void come_and_go(int count) {
    for (; count > 0; --count)
      REQUIRE(serves(++last));
    auto& home = *loop_of_nodes(system);
    REQUIRE(holds_soon([&] { return home.socket_count == 0; }));
    wait_for_turns(home);
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a thousand nodes that came and went leave no "
                           "memory, no actors, no descriptors and no threads") {
  come_and_go(50); // tables have grown
  auto actors = system.registry().running();
  auto files = entries("/proc/self/fd");
  auto threads = entries("/proc/self/task");
  auto bytes = ::mallinfo2().uordblks;
  come_and_go(1000);
  CHECK(system.registry().running() == actors);
  CHECK(entries("/proc/self/fd") == files);
  CHECK(entries("/proc/self/task") == threads);
  CHECK(::mallinfo2().uordblks < bytes + 64 * 1024);
}

} // namespace wsrelay::node_memory_test
