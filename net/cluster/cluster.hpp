// This node among others: where they connect, and whom it connects to.
#pragma once

#include "config/config.hpp"
#include "net/cluster/operator_socket.hpp"
#include "net/cluster/socket.hpp"
#include "protocol/result.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/io/fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace wsrelay {

/// The running cluster.node. Not thread-safe; the actor system outlives it.
class cluster {
public:
  /// `directory` is what other nodes get to know of this one.
  cluster(caf::actor_system& system, caf::actor directory);

  /// Stops, if that has not happened.
  ~cluster();

  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  /// Listens, and begins to connect to the peers. Failure: the actor system is
  /// not prepared, the address is in use, a file of TLS is not usable.
  checked start(const cluster_config& settings);

  /// Lets the operator in on a unix socket, with or without `start`; see
  /// operator_socket.hpp. `path` "" is a place of its own by `name`. Returns
  /// the path; the failure says why there is none.
  result<std::string> listen_for_operator(const std::string& path,
                                          const std::string& name);

  /// Listens and connects no more. Nodes that are connected stay so until the
  /// actor system ends; the directory says goodbye to them (`directory_stop`).
  void stop();

  /// Returns the port that other nodes connect to, or 0.
  std::uint16_t port() const noexcept { return port_; }

private:
  checked listen(const cluster_config& settings, tls_context_ptr tls);
  void connect(const cluster_config& settings);
  void publish(caf::io::doorman_ptr where, std::uint16_t port);

  caf::actor_system& system_;
  caf::actor directory_;
  caf::actor connector_;
  std::vector<caf::actor> peers_;
  std::uint16_t port_ = 0;
  socket_file operator_file_;
};

} // namespace wsrelay
