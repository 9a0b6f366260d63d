// ws://127.0.0.1:8080/presence, then close the tab and read what is printed.
#include "tools/examples/presence.hpp"

#include "tools/examples/example.hpp"

int main(int argc, char** argv) {
  using namespace wsrelay;
  auto print = [](const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  };
  return examples::run(
      argc, argv, "/presence\n  relay: {target_pid: presence}",
      [print](caf::actor_system& system, node& relay) {
        return relay.put("presence", system.spawn(examples::presence, print));
      });
}
