// ws://127.0.0.1:8080/session/ann
#include "tools/examples/session_per_client.hpp"

#include "tools/examples/example.hpp"

int main(int argc, char** argv) {
  using namespace wsrelay;
  return examples::run(
      argc, argv, "/session/{user}\n  func: sessions",
      [](caf::actor_system& system, node& relay) {
        return relay.put("sessions", system.spawn(examples::session_handler));
      });
}
