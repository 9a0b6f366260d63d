// How a client's socket becomes an HTTP session: at once, or behind a TLS
// handshake.
#pragma once

#include "net/http/handshakes.hpp"
#include "net/http/service.hpp"
#include "net/http/session.hpp"
#include "net/loop/listener.hpp"
#include "net/loop/loop.hpp"

#include <memory>
#include <optional>

namespace wsrelay {

/// Of one loop of a service. Made and used on the loop's thread, destroyed
/// there or when the loop has ended. Loop and service outlive it.
class client_door {
public:
  /// `share` is how many loops the service has.
  client_door(service& owner, loop& home, std::shared_ptr<http_host> host,
              std::size_t share);

  /// Serves a socket until it ends.
  void serve(accepted_socket accepted);

private:
  service& owner_;
  loop& home_;
  std::shared_ptr<http_host> host_;
  std::optional<handshakes> handshakes_; // with TLS
};

} // namespace wsrelay
