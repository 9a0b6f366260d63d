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
  /// Or the path of its operator's socket, without a port and TLS; "" is that
  /// of the only node (`find_node`).
  std::string host;
  std::uint16_t port = 0;
  tls_config tls;
  std::chrono::milliseconds timeout{5'000};
};

/// Returns what errors call the node: HOST:PORT or the path.
std::string place_of(const connect_options& options);

/// Connects and returns the node's directory. Not to a socket that somebody
/// else may have put there (`fault_of_socket`). Blocks for `timeout` at most.
result<caf::actor> connect(caf::actor_system& system,
                           const connect_options& options);

} // namespace wsrelay::cli
