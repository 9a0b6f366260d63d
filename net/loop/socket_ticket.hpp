// A socket's place under the limit of its service.
#pragma once

#include "actors/node_messages.hpp"

#include <caf/send.hpp>

#include <utility>

namespace wsrelay {

/// Gives the socket's place back to the acceptor when it ends: after the
/// descriptor was closed.
class socket_ticket {
public:
  socket_ticket() = default;
  explicit socket_ticket(caf::actor acceptor)
      : acceptor_{std::move(acceptor)} {}
  socket_ticket(socket_ticket&&) = default;
  socket_ticket& operator=(socket_ticket&& other) noexcept {
    give_back();
    acceptor_ = std::move(other.acceptor_);
    return *this;
  }
  ~socket_ticket() { give_back(); }

  void give_back() noexcept {
    if (auto acceptor = std::exchange(acceptor_, nullptr))
      caf::anon_send(acceptor, acceptor_socket_closed{});
  }

private:
  caf::actor acceptor_;
};

} // namespace wsrelay
