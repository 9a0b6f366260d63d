// A connection that moves between two targets.
#include "tools/examples/game_lobby.hpp"
#include "test/kit/test_node.hpp"

#include <doctest/doctest.h>

namespace wsrelay::game_lobby_test {

using namespace wsrelay::test;

TEST_CASE("a client moves from the lobby to the game and back") {
  test_node node;
  auto lobby = node.system().spawn(examples::lobby);
  auto client = node.connect(lobby);
  node.run();
  CHECK(client.take_events()
        == std::vector{client_event{"lobby", "\"welcome\""}});
  client.send_text("play");
  node.run();
  CHECK(client.take_events()
        == std::vector{client_event{"game", "\"started\""}});
  client.send_text("e2e4");
  node.run();
  // The second message of the connection, whoever owns it.
  CHECK(client.take_events() == std::vector{client_event{"game.move", "2"}});
  client.send_text("back");
  node.run();
  CHECK(client.take_events()
        == std::vector{client_event{"lobby", "\"welcome\""}});
  CHECK(client.is_open());
  client.close();
  node.run();
}

TEST_CASE("messages sent during a move belong to exactly one target") {
  test_node node;
  auto lobby = node.system().spawn(examples::lobby);
  auto client = node.connect(lobby);
  node.run();
  client.take();
  client.send_text("play");
  for (int i = 0; i < 3; ++i)
    client.send_text("move");
  node.run();
  // The lobby ignores what came before the move, the game gets the rest.
  auto events = client.take_events();
  REQUIRE_FALSE(events.empty());
  CHECK(events.front() == client_event{"game", "\"started\""});
  client.close();
  node.run();
}

} // namespace wsrelay::game_lobby_test
