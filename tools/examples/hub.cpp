// The hub as a program: everything a node of one's own needs.
#include "tools/examples/hub.hpp"

#include "config/load.hpp"
#include "net/node.hpp"

#include <caf/actor_system.hpp>

#include <iostream>

// `{addr}` is the only thing that the command line can change.
constexpr std::string_view configuration = R"(
- name: gateway
  kind: http.service
  addr: "{addr}"
- name: ws
  kind: http.router
  meta: {server: gateway}
  post_middleware: [websocket_relay]
- name: hub
  kind: http.endpoint
  meta: {router: ws}
  path: /hub
  relay: {target_pid: hub}
)";

int main(int argc, char** argv) {
  wsrelay::path_params values{{"addr", argc > 1 ? argv[1] : "127.0.0.1:8080"}};
  auto loaded = wsrelay::load_config(
      wsrelay::expand_params(configuration, values), "hub");
  wsrelay::termination_signals signals; // before the system has threads
  wsrelay::system_config config;
  caf::actor_system system{config};
  wsrelay::node relay{system, loaded.config};
  auto ready = relay.put("hub", system.spawn(wsrelay::examples::hub));
  if (ready)
    ready = relay.start();
  if (!ready) {
    std::cerr << ready.error().what << '\n';
    return 1;
  }
  std::cout << "listening on " << relay.url() << std::endl;
  signals.wait(); // then the node's destructor closes all with 1001
}
