// The hub of tools/examples on a node that others connect to: what broadcast.py
// measures. The configuration says where it listens.
#include "config/load.hpp"
#include "net/node.hpp"
#include "tools/examples/hub.hpp"

#include <caf/actor_system.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: hub_node FILE\n", stderr);
    return 2;
  }
  auto loaded = wsrelay::load_config_file(argv[1]);
  for (auto& error : loaded.errors)
    std::fprintf(stderr, "%s\n", to_text(error).c_str());
  if (!loaded.errors.empty())
    return 1;
  wsrelay::termination_signals signals;
  wsrelay::system_config config;
  config.prepare(loaded.config);
  caf::actor_system system{config};
  wsrelay::node relay{system, loaded.config};
  auto ready = relay.put("hub", system.spawn(wsrelay::examples::hub));
  if (ready)
    ready = relay.start();
  if (!ready) {
    std::fprintf(stderr, "%s\n", ready.error().what.c_str());
    return 1;
  }
  std::printf("node listening on port %u\nlistening on %s\n",
              relay.cluster_port(), relay.url().c_str());
  std::fflush(stdout);
  signals.wait();
}
