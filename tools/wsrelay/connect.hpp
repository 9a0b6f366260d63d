// The way to a node.
#pragma once

#include "config/config.hpp"
#include "protocol/result.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace wsrelay::cli {

/// Where the node listens for other nodes, and how to talk to it.
struct connect_options {
  std::string host;
  std::uint16_t port = 0;
  tls_config tls;
  std::chrono::milliseconds timeout{5'000};
};

/// Connects and returns the node's directory. Blocks for `timeout` at most.
result<caf::actor> connect(caf::actor_system& system,
                           const connect_options& options);

} // namespace wsrelay::cli
