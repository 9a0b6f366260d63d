// How a connection ends that nobody has lost.
#include "test/net/cluster/wire_fixture.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <thread>

namespace wsrelay::farewell_test {

using namespace wsrelay::test;

// What comes meanwhile would have the kernel reset the other side, which takes
// that for a loss.
TEST_CASE("a node that stops takes what others still send") {
  auto node = std::make_unique<wire_node>();
  auto peer = node->join(5);
  peer.socket.send(basp::message({basp::heartbeat}, {}));
  REQUIRE(node->serves());
  bool taken = false;
  std::thread helper{[&peer, &taken] { // CAF's system ends where it began
    peer.drain();
    taken = peer.socket.send("what it had to say");
    std::this_thread::sleep_for(20ms); // a reset would come
    taken = peer.socket.send("and more") && taken;
    peer.socket.close();
  }};
  node = nullptr;
  helper.join();
  CHECK(taken);
}

TEST_CASE("a node that stops does not wait for who keeps the connection") {
  auto node = std::make_unique<wire_node>();
  auto peer = node->join(5);
  REQUIRE(node->serves());
  auto before = std::chrono::steady_clock::now();
  node = nullptr;
  CHECK(std::chrono::steady_clock::now() - before < 5s);
}

} // namespace wsrelay::farewell_test
