// CAF's middleman on a loop of ours: the BASP broker, which speaks with other
// nodes, runs on the thread that has the nodes' sockets, and its targets run
// there in place. With CAF's own each message is read with two calls and goes
// through two more threads.
#pragma once

#include "net/loop/loop.hpp"

#include <caf/io/middleman.hpp>
#include <caf/io/network/multiplexer.hpp>

namespace wsrelay {

/// The multiplexer: TCP as of CAF's own, on a loop; UDP is not there and
/// answers `sec::bad_function_call`. Brokers of a program run on it as well.
class basp_multiplexer final : public caf::io::network::multiplexer,
                               private loop_timer {
public:
  explicit basp_multiplexer(caf::actor_system* system);

  /// The loop of the nodes' sockets.
  loop& home() noexcept { return home_; }

  // Any thread.
  void exec_later(caf::resumable* job) override;

  // The two that connect and bind block their caller.
  caf::io::scribe_ptr new_scribe(caf::io::network::native_socket fd) override;
  caf::expected<caf::io::scribe_ptr>
  new_tcp_scribe(const std::string& host, std::uint16_t port) override;
  caf::io::doorman_ptr new_doorman(caf::io::network::native_socket fd) override;
  caf::expected<caf::io::doorman_ptr>
  new_tcp_doorman(std::uint16_t port, const char* in, bool reuse) override;

  caf::io::datagram_servant_ptr
  new_datagram_servant(caf::io::network::native_socket fd) override;
  caf::io::datagram_servant_ptr new_datagram_servant_for_endpoint(
      caf::io::network::native_socket fd,
      const caf::io::network::ip_endpoint& to) override;
  caf::expected<caf::io::datagram_servant_ptr>
  new_remote_udp_endpoint(const std::string& host, std::uint16_t port) override;
  caf::expected<caf::io::datagram_servant_ptr>
  new_local_udp_endpoint(std::uint16_t port, const char* in,
                         bool reuse) override;

  /// Its end stops `run`.
  supervisor_ptr make_supervisor() override;

  // CAF's middleman calls `run` on a thread of its own, and nothing else.
  bool try_run_once() override { return false; }
  void run_once() override {}
  void run() override;

private:
  void stop();
  void on_timer() override;

  loop home_;
  time_point give_up_; // on sending what is left, when it stops
};

/// The module to load instead of `caf::io::middleman`.
class loop_middleman final : public caf::io::middleman {
public:
  explicit loop_middleman(caf::actor_system& system)
      : middleman(system), backend_{&system} {}

  basp_multiplexer& backend() override { return backend_; }
  void init(caf::actor_system_config& config) override;
  void start() override;

  /// Makes the module; called by CAF.
  static caf::actor_system::module* make(caf::actor_system& system,
                                         caf::detail::type_list<>);

private:
  basp_multiplexer backend_;
};

} // namespace wsrelay
