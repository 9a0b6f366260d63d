// A configuration for tests of what is wrong with others.
#pragma once

#include "config/config.hpp"

namespace wsrelay::test {

/// A service, a router and an endpoint that are in order.
inline relay_config make_config() {
  relay_config config;
  config.services.emplace_back().name = "gw";
  auto& router = config.routers.emplace_back();
  router.name = "ws";
  router.server = "gw";
  router.prefix = "/ws";
  router.relays = true;
  auto& endpoint = config.endpoints.emplace_back();
  endpoint.name = "echo";
  endpoint.router = "ws";
  endpoint.path = *path_pattern::parse("/ws/echo");
  relay_handler relay;
  relay.command.target_pid = "echo";
  endpoint.handler = relay;
  return config;
}

} // namespace wsrelay::test
