// How a client's socket becomes an HTTP session: at once, or behind the PROXY
// protocol's header and a TLS handshake; or does not, where a limit is
// reached.
#pragma once

#include "net/http/current_host.hpp"
#include "net/http/handshakes.hpp"
#include "net/http/proxy_door.hpp"
#include "net/http/service.hpp"
#include "net/http/session.hpp"
#include "net/http/turned_away.hpp"
#include "net/loop/listener.hpp"
#include "net/loop/loop.hpp"

#include <memory>
#include <optional>

namespace wsrelay {

/// Of one loop of a service. Made and used on the loop's thread, destroyed
/// there or when the loop has ended. The loop outlives it.
class client_door {
public:
  /// `share` is how many loops the service has.
  client_door(std::shared_ptr<service> owner, loop& home,
              std::shared_ptr<http_host> host, std::size_t share);

  /// Goes on with another configuration, also for the HTTP sessions that are
  /// there; what a socket passes before it is one stays as it is.
  void adopt(std::shared_ptr<service> owner, std::shared_ptr<http_host> host);

  /// Serves a socket until it ends.
  void serve(accepted_socket accepted);

private:
  void admit(accepted_socket accepted);
  std::optional<problem> check_limits(accepted_socket& accepted);
  void turn_away(accepted_socket accepted, const problem& why);
  void start(std::unique_ptr<byte_stream> stream, client_peer peer);

  std::shared_ptr<service> owner_;
  loop& home_;
  std::shared_ptr<current_host> host_;
  std::optional<proxy_door> proxies_;    // with the PROXY protocol
  std::optional<handshakes> handshakes_; // with TLS
  turned_away refused_;
};

} // namespace wsrelay
