// An http.service that runs: its loops with their acceptors, and its ports.
#pragma once

#include "config/config.hpp"
#include "net/http/client_door.hpp"
#include "net/http/service.hpp"
#include "net/http/service_ports.hpp"
#include "net/loop/loop.hpp"
#include "protocol/result.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

/// What a service gets from its node.
struct service_place {
  caf::actor_system& system;
  std::shared_ptr<const relay_config> config;
  std::shared_ptr<const upstream_contexts> contexts;
  caf::actor directory;
  caf::actor successors; // null = no router parks
  /// The loop of the nodes, to be its first one: its connections' messages to
  /// them cross no thread. Null = none.
  loop* shared_loop = nullptr;
};

/// Used by its node's thread.
class running_service {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `settings` is one of the configuration's.
  running_service(service_place place, const service_config& settings);
  ~running_service();

  running_service(const running_service&) = delete;
  running_service& operator=(const running_service&) = delete;

  /// Opens its ports, and starts its loops. What fails is to be stopped, too.
  checked start();

  /// Begins to accept.
  void serve();

  /// Accepts no more, answers requests that are here with the end of their
  /// connections, and closes WebSockets with 1012 within `longest`.
  void drain(std::chrono::milliseconds longest);

  /// Returns whether no socket is open.
  bool is_empty() const;

  /// Accepts no more, and begins to close what is there.
  void begin_stop();

  /// Waits until that has happened, at most until the deadline, and ends the
  /// loops.
  void stop(time_point deadline);

  const service_config& settings() const noexcept { return settings_; }
  const service_ports& ports() const noexcept { return ports_; }
  const std::vector<loop*>& loops() const noexcept { return all_loops_; }

  /// Returns the acceptor actors, of the loops in their order.
  const std::vector<caf::actor>& acceptors() const noexcept {
    return acceptors_;
  }

  /// Returns what its sockets share. @pre it has started
  const std::shared_ptr<service>& shared() const noexcept { return shared_; }

private:
  checked open();
  std::string busy_text();
  void close_doors();
  void start_loops();
  void add_loop(loop& home);
  void name_acceptors();
  void close_connections(time_point deadline);
  void end_acceptors();

  // Destroyed from the last to the first: loops, with every socket and handler
  // left on them, go before what they refer to.
  service_place place_;
  const service_config& settings_;
  std::shared_ptr<service> shared_;
  std::vector<caf::actor> acceptors_;
  std::map<loop*, std::unique_ptr<client_door>> doors_;
  service_ports ports_;
  std::vector<loop*> all_loops_;
  std::vector<std::unique_ptr<loop>> loops_;
};

} // namespace wsrelay
