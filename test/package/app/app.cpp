// A node of somebody else's: starts, says where, stops.
#include "greeter.hpp"

#include <wsrelay/config/load.hpp>
#include <wsrelay/net/node.hpp>

#include <caf/actor_system.hpp>

#include <iostream>

int main() {
  auto loaded = wsrelay::load_config(R"(
- {name: gateway, kind: http.service, addr: "127.0.0.1:0"}
)",
                                     "app");
  wsrelay::system_config config;
  caf::actor_system system{config};
  wsrelay::node relay{system, loaded.config};
  auto ready = relay.put("greeter", system.spawn(greeter));
  if (ready)
    ready = relay.start();
  if (!ready) {
    std::cerr << ready.error().what << '\n';
    return 1;
  }
  std::cout << "listening on " << relay.url() << std::endl;
}
