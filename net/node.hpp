// The relay in a program: embeds everything the configuration names beside the
// program's own actors.
#pragma once

#include "actors/messages.hpp"
#include "config/changes.hpp"
#include "config/config.hpp"
#include "net/http/limit_numbers.hpp"
#include "net/system_config.hpp"
#include "net/termination_signals.hpp"
#include "protocol/result.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

class admin;
class certificate_watch;
class cluster;
class heap_keeper;
class hooks;
class loop;
class node_view;
class running_service;
enum class node_state : std::uint8_t;
class upstream_contexts;

/// A relay inside of this process. Not thread-safe itself; what it returns is.
/// The actor system outlives it.
class node {
public:
  /// Takes a configuration that was loaded or built in code.
  node(caf::actor_system& system, relay_config config);

  /// Stops, if that has not happened, and ends the actors of this process that
  /// have a name or that other nodes have got to know, with `user_shutdown`. A
  /// process that a signal has told to end (`termination_signals`) does so
  /// within the longest `shutdown_timeout`, whatever it has spawned.
  ~node();

  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Registers a target or a handler actor under a name, until the actor ends.
  /// Blocks for the directory's answer. Failure: the name is taken or invalid,
  /// or the actor has ended.
  checked put(std::string name, const caf::actor& who);

  /// As `put`, and with every node that is connected now or later, also one
  /// that was started again: its endpoints name the actor without an "@".
  checked offer(std::string name, const caf::actor& who);

  /// As `offer` for each of these, in one go: all of them or, with a failure
  /// that says what stands against which one, none.
  checked offer(std::vector<directory_entry> entries);

  /// Listens and serves. Failure: the configuration is invalid, a file of
  /// certificates cannot be used, or an address is in use; then nothing runs.
  /// From then on glibc's malloc keeps memory through a burst, and gives it
  /// back after it (net/heap.hpp; not where `MALLOC_TRIM_THRESHOLD_` is set).
  checked start();

  /// Lets the operator in, who is on this machine, on a unix socket: `path`, or
  /// one of its own in $XDG_RUNTIME_DIR/wsrelay or /run/wsrelay. Until `stop`.
  /// Returns the path. Failure: somebody else is in the way, or the actor
  /// system is not prepared; the node goes on without.
  result<std::string> listen_for_operator(const std::string& path = {});

  /// Has an operator's first `wsrelay drain` call `order`, on a thread of
  /// CAF's: it must not block, and lets somebody `drain` and stop the node
  /// soon. Until `stop`.
  void on_drain_order(std::function<void()> order);

  /// Goes on with another configuration, for what comes from now on: routes,
  /// handlers, options, limits, certificates; services that are new begin to
  /// listen, those that are gone accept no more, and their WebSockets stay
  /// until they end. Returns what has changed, and what would need a restart.
  /// Failure: it is invalid, or something that it names cannot be used; then
  /// nothing has changed. Blocks. Between `start` and `drain` or `stop`.
  result<config_changes> reload(relay_config next);

  /// Has `wsrelay reload`, the API and `order_reload` call `read`, on a thread
  /// of its own, which may wait for a disk; what it returns is the next
  /// configuration, or, when the log has it already, why there is none. It
  /// needs nothing that ends before the process. Until `drain` or `stop`.
  void on_reload_order(std::function<result<relay_config>()> read);

  /// Gives that order, and returns at once; the log tells what came of it.
  void order_reload();

  /// Empties the services before a stop, as their `drain` says: `is_ready` is
  /// false from now on, actors that asked for it get `node_draining`, after the
  /// lead nothing more is accepted, WebSockets close at random moments with
  /// 1012 and "retry=MS", behind what waits for them, and their targets get
  /// `ws_leave`. Blocks until no socket is left, at most until the longest
  /// deadline, or until `is_enough`, which is asked all the time, returns true.
  /// Between `start` and `stop`.
  void drain(const std::function<bool()>& is_enough = nullptr);

  /// Returns whether new clients are welcome: it runs, and does not drain. Any
  /// thread.
  bool is_ready() const noexcept;

  /// Tells the other nodes, whose connections to actors of this one close with
  /// 1001. Closes every connection with 1001 and waits until all are gone, at
  /// most the services' `shutdown_timeout`: a read of a file, or a look-up of a
  /// name, that has not ended by then is left to its thread.
  void stop();

  /// Reads the certificates of running services again, soon; what cannot be
  /// used changes nothing, and the log says why. The same happens by itself
  /// when their files change. Returns whether a service has any. Between
  /// `start` and `stop`.
  bool reload_certificates();

  /// Returns when the first certificate of a running service expires; nothing
  /// without `tls`. Any thread. Without a name: the first service.
  std::optional<std::chrono::system_clock::time_point>
  certificates_expire(std::string_view service = {}) const;

  /// Returns how often each limit of a running service was reached since it was
  /// started. Any thread. Without a name: the first service.
  limit_numbers limits_reached(std::string_view service = {}) const;

  /// Returns whether every loop of its services takes a turn within `limit`: a
  /// node that hangs does not. Blocks until then. Between `start` and `stop`,
  /// any thread but the loops'.
  bool is_responsive(std::chrono::milliseconds limit) const;

  /// Returns the first port of TCP that a running service has bound, or 0.
  /// Without a name: the first service.
  std::uint16_t port(std::string_view service = {}) const;

  /// Returns where a running service listens: "http://HOST:PORT", with `tls`
  /// "https://", or "unix:PATH" or "systemd:NAME"; the first of them.
  std::vector<std::string> urls(std::string_view service = {}) const;
  std::string url(std::string_view service = {}) const;

  /// Returns where an admin.service listens, "" without one.
  std::string admin_url() const;

  /// Returns the port where other nodes connect, or 0.
  std::uint16_t cluster_port() const;

  /// Returns the directory actor (`directory_*` of messages.hpp).
  const caf::actor& directory() const noexcept { return directory_; }

  /// Returns the acceptor actors of a running service, one per loop
  /// (`acceptor_*`).
  std::vector<caf::actor> acceptors(std::string_view service = {}) const;

private:
  checked start_all();
  bool shares_loop(const service_config& settings) const;
  checked start_service(const service_config& settings, bool shares_loop);
  checked start_admin();
  static std::shared_ptr<const relay_config>
  config_of_admin(const relay_config& config);
  std::shared_ptr<running_service>
  make_service(std::shared_ptr<const relay_config> config,
               const service_config& settings,
               std::shared_ptr<const upstream_contexts> contexts,
               bool shares_loop, unsigned generation);
  void start_commands();
  void close_gate();
  struct prepared_reload;
  checked prepare(prepared_reload& next);
  void commit(prepared_reload& next);
  void enter(node_state next);
  void stop_admin();
  std::vector<loop*> loops() const;
  void find_successors();
  void keep_heap();
  void begin_to_serve();
  void end_actors(std::chrono::steady_clock::time_point deadline);
  std::chrono::milliseconds shutdown_timeout() const;
  std::shared_ptr<const running_service> find(std::string_view service) const;

  caf::actor_system& system_;
  std::shared_ptr<const relay_config> config_; // outlived by what uses it
  std::shared_ptr<const upstream_contexts> contexts_; // of running services
  caf::actor directory_;
  caf::actor successors_; // null = nobody parks
  caf::actor orders_;     // null = no operator can drain it
  caf::actor commands_;   // answers node_reload, node_log
  struct reload_gate;
  std::shared_ptr<reload_gate> gate_; // of those who give orders, too
  std::mutex operation_; // one reload at a time, and none while it stops
  std::atomic<bool> runs_{false}; // it may be reloaded
  unsigned generation_ = 0;       // of services; guarded by operation_
  std::unique_ptr<node_view> view_;
  std::unique_ptr<admin> admin_; // null without an admin.service
  mutable std::mutex mutex_;
  std::shared_ptr<running_service> admin_service_; // guarded by mutex_, for
                                                   // other threads
  std::vector<std::shared_ptr<running_service>> services_; // guarded by mutex_,
                                                           // for other threads
  std::vector<std::shared_ptr<running_service>> retired_;  // the same
  std::unique_ptr<heap_keeper> heap_; // uses the services' loops
  std::unique_ptr<certificate_watch> certificates_;
  std::unique_ptr<hooks> hooks_;
  std::unique_ptr<cluster> cluster_;
  std::optional<std::chrono::steady_clock::time_point> stopped_at_;
  std::atomic<node_state> state_;
  bool meets_nodes_; // or its operator, who is one
};

} // namespace wsrelay
