// ws://127.0.0.1:8080/room/blue
#include "tools/examples/rooms.hpp"

#include "tools/examples/example.hpp"

int main(int argc, char** argv) {
  using namespace wsrelay;
  return examples::run(argc, argv, "/room/{room}\n  func: rooms",
                       [](caf::actor_system& system, node& relay) {
                         return relay.put("rooms",
                                          system.spawn(examples::room_keeper));
                       });
}
