// A connection that moves between two targets.
#include "tools/examples/game_lobby.hpp"
#include "test/kit/test_node.hpp"
#include "test/kit/with_doctest.hpp"

namespace wsrelay::game_lobby_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  test_node node;
  caf::actor lobby = node.system().spawn(examples::lobby);
  fake_client ann = node.connect(lobby);
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a client moves from the lobby to the game and "
                           "back") {
  ann.expect_event("lobby", "\"welcome\"");
  ann.send_text("play");
  ann.expect_event("game", "\"started\"");
  ann.send_text("e2e4");
  // The second message of the connection, whoever owns it.
  ann.expect_event("game.move", "2");
  ann.send_text("back");
  ann.expect_event("lobby", "\"welcome\"");
  ann.expect_open();
}

TEST_CASE_FIXTURE(fixture, "messages sent during a move belong to exactly one "
                           "target") {
  ann.expect_event("lobby", "\"welcome\"");
  ann.send_text("play");
  for (int i = 0; i < 3; ++i)
    ann.send_text("move");
  // The lobby ignores what came before the move, the game gets the rest.
  ann.expect_event("game", "\"started\"");
}

} // namespace wsrelay::game_lobby_test
