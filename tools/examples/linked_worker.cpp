// ws://127.0.0.1:8080/work: send numbers, then something else.
#include "tools/examples/linked_worker.hpp"

#include "tools/examples/example.hpp"

int main(int argc, char** argv) {
  using namespace wsrelay;
  return examples::run(argc, argv, "/work\n  relay: {target_pid: work}",
                       [](caf::actor_system& system, node& relay) {
                         return relay.put("work", system.spawn(examples::work));
                       });
}
