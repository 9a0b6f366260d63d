// ws://127.0.0.1:8080/lobby: send "play", then anything, then "back".
#include "tools/examples/game_lobby.hpp"

#include "tools/examples/example.hpp"

int main(int argc, char** argv) {
  using namespace wsrelay;
  return examples::run(argc, argv, "/lobby\n  relay: {target_pid: lobby}",
                       [](caf::actor_system& system, node& relay) {
                         return relay.put("lobby",
                                          system.spawn(examples::lobby));
                       });
}
