// The acceptor: one per http.service. It says how many sockets the listener may
// accept, knows every connection, and closes them all when the node stops.
#pragma once

#include "actors/loop_actor.hpp"
#include "actors/node_messages.hpp"

#include <caf/stateful_actor.hpp>

#include <cstddef>
#include <memory>
#include <unordered_map>

namespace wsrelay {

class acceptor_state;

/// The seam to the listening socket. Called on the acceptor's thread.
class listener_port {
public:
  virtual ~listener_port() = default;

  /// Sets who is told about sockets. Called before the first grant.
  virtual void report_to(acceptor_state& who) = 0;

  /// Allows `count` more sockets to be accepted.
  virtual void grant(std::size_t count) = 0;

  /// Stops listening for good, and asks the HTTP connections that were never
  /// upgraded to end after the request they are in.
  virtual void stop() = 0;

  /// Drops every socket that is left, without a close frame.
  virtual void abort() = 0;
};

using listener_port_ptr = std::shared_ptr<listener_port>;

struct acceptor_config {
  std::size_t max_connections = 100'000;
  /// Wait before accepting again after the kernel refused, for lack of
  /// descriptors or memory.
  milliseconds back_off{100};
};

using acceptor_actor = caf::stateful_actor<acceptor_state, loop_actor>;

/// State of the acceptor. `on_accepted` and `on_accept_failed` are called by
/// the listener on the acceptor's thread.
class acceptor_state {
public:
  static inline const char* name = "wsrelay.acceptor";

  explicit acceptor_state(acceptor_actor* self) : self_{self} {}

  caf::behavior start(listener_port_ptr port, acceptor_config config);

  /// A socket was accepted: its credit is used up until it closes.
  void on_accepted();

  /// The kernel refused; the credit is given back after a pause.
  void on_accept_failed();

private:
  void on_opened(acceptor_opened& message);
  void on_socket_closed(std::uint32_t count);
  void on_down(const caf::actor_addr& who);
  caf::result<void> on_stop(const acceptor_stop& message);
  void on_tick(std::uint64_t id);
  void try_finish();
  std::vector<connection_info> list() const;

  acceptor_actor* self_;
  listener_port_ptr port_;
  acceptor_config config_;
  std::size_t open_ = 0; // sockets, upgraded or not
  std::unordered_map<caf::actor_id, connection_info> connections_;
  bool stopping_ = false;
  std::vector<caf::response_promise> stop_requests_;
};

/// The acceptor actor. Answers `acceptor_*` of messages.hpp.
caf::behavior acceptor(acceptor_actor* self, listener_port_ptr port,
                       acceptor_config config);

} // namespace wsrelay
