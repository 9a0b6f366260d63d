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

#include <atomic>
#include <chrono>
#include <functional>
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
  caf::actor successors{}; // null = no router parks
  /// The loop of the nodes, to be its first one: its connections' messages to
  /// them, and to backends, cross no thread. Null = none.
  loop* shared_loop = nullptr;
  /// Who hears of its connections; null = nobody.
  std::shared_ptr<connection_journal> journal{};
  /// Makes the host of a loop's sessions, in place of the one that relays: then
  /// there are no acceptors.
  std::function<std::shared_ptr<http_host>(std::shared_ptr<service>, loop&)>
      make_host{};
  /// Of services of this name that there have been: each has acceptors of its
  /// own names.
  unsigned generation = 0;
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

  /// Makes what it goes on with when its configuration is this one: nothing has
  /// changed yet. `settings` is of `config`. Failure: its certificates cannot
  /// be used. @pre it serves
  result<std::shared_ptr<service>>
  prepare(std::shared_ptr<const relay_config> config,
          const service_config& settings,
          std::shared_ptr<const upstream_contexts> contexts,
          const caf::actor& successors);

  /// Goes on with it, for what comes from now on. Waits for each loop's turn,
  /// at most `patience`: one that is held takes it over when it goes on.
  void adopt(std::shared_ptr<service> next, std::chrono::milliseconds patience);

  /// Accepts no more; WebSockets stay until they end by themselves.
  void retire() { close_doors(); }

  /// Accepts no more, answers requests that are here with the end of their
  /// connections, and closes WebSockets with 1012 within `longest`.
  void drain(std::chrono::milliseconds longest);

  /// Returns whether no socket is open.
  bool is_empty() const;

  /// Accepts no more, and begins to close what is there.
  void begin_stop();

  /// Waits until that has happened, at most until the deadline, and ends the
  /// loops. Where it shares one the sockets of `later` stay, which stop behind
  /// it.
  void stop(time_point deadline,
            const std::vector<std::shared_ptr<running_service>>& later = {});

  /// Returns what its configuration says now. Any thread.
  std::shared_ptr<const service_config> settings() const;

  const service_ports& ports() const noexcept { return ports_; }
  const std::vector<loop*>& loops() const noexcept { return all_loops_; }

  /// Returns the acceptor actors, of the loops in their order.
  const std::vector<caf::actor>& acceptors() const noexcept {
    return acceptors_;
  }

  /// Returns what its sockets share; null before it has started. Any thread.
  std::shared_ptr<service> shared() const { return shared_; }

private:
  using host_maker = std::function<std::shared_ptr<http_host>(
      std::shared_ptr<service>, loop&)>;

  checked open();
  std::string busy_text();
  void close_doors();
  void start_loops();
  void add_loop(loop& home);
  host_maker make_relay_host(loop& home);
  void forget_endpoints();
  void name_acceptors();
  void close_connections(time_point deadline);
  void end_acceptors();

  // Destroyed from the last to the first: loops, with every socket and handler
  // left on them, go before what they refer to.
  service_place place_;
  const service_config& settings_;
  std::atomic<std::shared_ptr<service>> shared_;
  std::vector<caf::actor> acceptors_;
  std::map<loop*, std::unique_ptr<client_door>> doors_;
  std::map<loop*, host_maker> hosts_;
  std::shared_ptr<const service_tls> next_tls_; // of what was prepared
  service_ports ports_;
  std::vector<loop*> all_loops_;
  std::vector<std::unique_ptr<loop>> loops_;
};

} // namespace wsrelay
