// Who is at the other end of a client's socket.
#pragma once

#include "actors/messages.hpp"

#include <memory>
#include <string>

namespace wsrelay {

/// The client, or the proxy in front of it that speaks HTTP.
struct client_peer {
  /// Without port; "unix:" of a unix socket. Where the PROXY protocol told
  /// another one, that one.
  std::string address;
  /// It speaks TLS: with this service, or, says the PROXY protocol, with a
  /// proxy.
  bool is_secure = false;
  /// Which it has proved in TLS; null = none.
  std::shared_ptr<const client_certificate> certificate{};
};

/// Returns the scheme that the client speaks.
inline const char* scheme_of(const client_peer& peer) {
  return peer.is_secure ? "https" : "http";
}

} // namespace wsrelay
