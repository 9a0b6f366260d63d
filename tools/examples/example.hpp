// What the examples' programs share: load a configuration, run a node until
// Ctrl-C. hub.cpp shows the same spelled out.
#pragma once

#include "config/load.hpp"
#include "net/node.hpp"

#include <caf/actor_system.hpp>

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

namespace wsrelay::examples {

/// Runs a node with one relay route, `path`, to the target that is registered
/// as "target"; `set_up` spawns and registers it. The first argument replaces
/// the address, 127.0.0.1:8080. Returns the exit status.
inline int
run(int argc, char** argv, std::string_view path,
    const std::function<checked(caf::actor_system&, node&)>& set_up) {
  std::string address = argc > 1 ? argv[1] : "127.0.0.1:8080";
  auto yaml = "- {name: gateway, kind: http.service, addr: \"" + address
              + "\"}\n"
                "- name: ws\n"
                "  kind: http.router\n"
                "  meta: {server: gateway}\n"
                "  post_middleware: [websocket_relay]\n"
                "- name: endpoint\n"
                "  kind: http.endpoint\n"
                "  meta: {router: ws}\n"
                "  path: "
              + std::string{path} + "\n";
  auto loaded = load_config(yaml, "example");
  for (auto& error : loaded.errors)
    std::fprintf(stderr, "%s\n", to_text(error).c_str());
  if (!loaded.errors.empty())
    return 1;
  termination_signals signals;
  system_config config;
  caf::actor_system system{config};
  node relay{system, loaded.config};
  auto ready = set_up(system, relay);
  if (ready)
    ready = relay.start();
  if (!ready) {
    std::fprintf(stderr, "%s\n", ready.error().what.c_str());
    return 1;
  }
  std::printf("listening on %s\n", relay.url().c_str());
  std::fflush(stdout);
  signals.wait();
  return 0;
}

} // namespace wsrelay::examples
