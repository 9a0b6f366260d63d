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

/// What errors call the files of certificates: as whoever named them did.
struct tls_words {
  std::string certificate = "--tls-cert";
  std::string key = "--tls-key";
  std::string ca = "--tls-ca";
};

/// Where the node listens for other nodes, and how to talk to it.
struct connect_options {
  /// Or the path of its operator's socket, without a port and TLS; "" is that
  /// of the only node (`find_node`).
  std::string host;
  std::uint16_t port = 0;
  tls_config tls;
  tls_words words;
  std::chrono::milliseconds timeout{5'000};
};

/// Returns what errors call the node: HOST:PORT or the path.
std::string place_of(const connect_options& options);

/// Returns what is wrong with the files of certificates, if they are needed.
checked check_certificates(const connect_options& options);

/// Connects and returns the node's directory. Not to a socket that somebody
/// else may have put there (`fault_of_socket`). Blocks for `timeout` at most.
result<caf::actor> connect(caf::actor_system& system,
                           const connect_options& options);

} // namespace wsrelay::cli
