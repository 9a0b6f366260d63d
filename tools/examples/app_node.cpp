// An application in a process of its own: connects to a relay and offers it a
// target and a handler by name, again whenever one of the two was restarted.
#include "net/node.hpp"
#include "tools/examples/greeter.hpp"

#include <caf/actor_system.hpp>

#include <iostream>

int main(int argc, char** argv) {
  wsrelay::cluster_config cluster{"app1"};
  cluster.peers = {argc > 1 ? argv[1] : "127.0.0.1:9000"};
  wsrelay::relay_config config{.clusters = {cluster}};

  wsrelay::termination_signals signals; // before the system has threads
  wsrelay::system_config system_config{config};
  caf::actor_system system{system_config};
  wsrelay::node node{system, config};
  auto greeter = system.spawn(wsrelay::examples::greeter);
  auto ready = node.offer("greeter", greeter);
  if (ready)
    ready = node.offer("door", system.spawn(wsrelay::examples::door, greeter));
  if (ready)
    ready = node.start();
  if (!ready) {
    std::cerr << ready.error().what << '\n';
    return 1;
  }
  std::cout << "offering greeter and door to " << cluster.peers[0] << std::endl;
  signals.wait();
}
