// An application in a process of its own: connects to a relay and offers it a
// target and a handler by name, again whenever one of the two was restarted.
//
//   app_node [RELAY [NODE [TARGET]]]
//
// where the relay listens for nodes, 127.0.0.1:9000, how this one is called,
// app1, and what it offers, greeter. To replace one that runs, start another
// with a NODE of its own, wait for "offer waits" in its log, stop the old one.
#include "net/log_output.hpp"
#include "net/node.hpp"
#include "tools/examples/greeter.hpp"

#include <caf/actor_system.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
  wsrelay::cluster_config cluster{argc > 2 ? argv[2] : "app1"};
  cluster.peers = {argc > 1 ? argv[1] : "127.0.0.1:9000"};
  std::string target = argc > 3 ? argv[3] : "greeter";
  wsrelay::relay_config config{.clusters = {cluster}};

  wsrelay::termination_signals signals; // before the system has threads
  wsrelay::log_to(STDERR_FILENO);
  wsrelay::system_config system_config{config};
  caf::actor_system system{system_config};
  wsrelay::node node{system, config};
  auto greeter = system.spawn(wsrelay::examples::greeter);
  auto ready = node.offer(target, greeter);
  if (ready)
    ready = node.offer("door", system.spawn(wsrelay::examples::door, greeter));
  if (ready)
    ready = node.start();
  if (!ready) {
    std::cerr << ready.error().what << '\n';
    return 1;
  }
  std::cout << "offering " << target << " and door to " << cluster.peers[0]
            << std::endl;
  signals.wait();
}
