// Of third nodes, which others lead to: what they say of them.
#include "test/net/cluster/hostile_fixture.hpp"

namespace wsrelay::hostile_third_nodes_test {

using namespace wsrelay::test;

TEST_CASE_FIXTURE(hostile_node, "what came through a node goes with it") {
  auto knows = [this] { return known_of(77) > 0; };
  {
    auto node = join(5);
    node.socket.send(basp::routed(basp::node(77), own_node(), target));
    CHECK(holds_soon(knows));
  }
  CHECK(holds_soon([&] { return !knows(); }));
}

TEST_CASE_FIXTURE(hostile_node,
                  "a node may speak of so many others, and no more") {
  std::string most;
  for (std::uint32_t i = 0; i < node_broker::max_learned; ++i)
    most += basp::routed(basp::node(1000 + i), own_node(), target);
  auto node = join(5);
  node.socket.send(most + most);
  CHECK(serves());
  node.socket.send(basp::routed(basp::node(999), own_node(), target));
  node.drain(); // it has ended
  CHECK(logged("reason=\"actors of too many other nodes"));
  CHECK(serves());
}

// Each one had as much room as the node itself.
TEST_CASE_FIXTURE(hostile_node, "all nodes behind one may have so many actors "
                                "that are known here, and no more") {
  broker().max_actors = 100;
  auto from = [&](std::uint32_t process, std::uint64_t sender) {
    auto result = basp::routed(basp::node(process), own_node(), target);
    result.replace(16, 8, basp::number(sender));
    return result;
  };
  auto node = join(5);
  std::string all;
  for (std::uint32_t i = 1; i <= 100; ++i)
    all += from(77 + i % 3, i);
  node.socket.send(all + all);
  CHECK(holds_soon(
      [&] { return known_of(77) + known_of(78) + known_of(79) == 100; }));
  CHECK(serves());
  node.socket.send(from(77, 200));
  node.drain(); // it has ended
  CHECK(logged("reason=\"more than 100 actors of a node"));
  CHECK(holds_soon([&] { return known_of(77) + known_of(79) == 0; }));
  CHECK(serves());
}

TEST_CASE_FIXTURE(hostile_node,
                  "a message for a third node goes there, or nowhere; "
                  "never back") {
  auto one = join(11);
  auto two = join(12);
  REQUIRE(serves()); // whoever has joined before is known
  one.socket.send(basp::routed(basp::node(11), basp::node(12), 5));
  REQUIRE(two.read_to(basp::routed_message));
  CHECK(two.payload.starts_with(basp::node(11) + basp::node(12)));
  one.socket.send(basp::routed(basp::node(12), basp::node(11), 5));
  CHECK(serves());
  CHECK(ends(basp::routed(std::string(32, 'x'), basp::node(12), 5)));
  CHECK(ends(
      basp::message({basp::down_message, 0, 0, 0, 9}, std::string(90, '\0'))));
}

TEST_CASE_FIXTURE(hostile_node,
                  "a third node is forgotten when who leads there has lost "
                  "it, and nobody else") {
  auto knows = [this] { return known_of(77) > 0; };
  auto lost =
      basp::message({basp::direct_message, 1, 0, 0, 0, basp::atom("nodes")},
                    basp::payload("+node.lost", basp::node(77)));
  auto one = join(11);
  auto two = join(12);
  auto three = join(13);
  one.socket.send(basp::routed(basp::node(77), own_node(), target));
  CHECK(holds_soon(knows));
  three.socket.send(lost);
  three.socket.send(to_target("+@str", basp::text("hi")));
  REQUIRE(three.read_to(basp::monitor_message)); // all is read
  CHECK(knows());
  two.socket.send(basp::routed(basp::node(77), own_node(), target));
  two.socket.send(to_target("+@str", basp::text("hi")));
  REQUIRE(two.read_to(basp::monitor_message));
  one.socket.send(lost); // it is reached another way
  one.socket.send(to_target("+@str", basp::text("hi")));
  REQUIRE(one.read_to(basp::monitor_message));
  CHECK(knows());
  two.socket.send(lost);
  CHECK(holds_soon([&] { return !knows(); }));
}

TEST_CASE_FIXTURE(hostile_node,
                  "who takes this node for the way to one that it does not "
                  "reach is told so: nobody answers there") {
  auto node = join(11);
  node.socket.send(basp::routed(basp::node(11), basp::node(13), 5));
  while (node.read_to(basp::direct_message))
    if (node.payload.ends_with(basp::node(13)))
      break;
  CHECK(node.payload.find("node.lost") != node.payload.npos);
}

} // namespace wsrelay::hostile_third_nodes_test
