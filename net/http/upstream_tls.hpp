// TLS towards upstreams: whom a relay trusts, and that a server is who its
// host name says.
#pragma once

#include "config/config.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ssl/context.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

/// Shared by the sockets that were made with it.
using upstream_context = std::shared_ptr<boost::asio::ssl::context>;

/// One context for each file of authorities. Made before the loops serve, which
/// share it then: it is constant, and nothing reads a file any more.
class upstream_contexts {
public:
  /// Makes the context that trusts the authorities in the PEM file `ca`, or the
  /// system's when it is "", unless it is there. TLS 1.2 or later, no
  /// Diffie-Hellman over finite fields; certificates are verified. Blocks.
  checked add(const std::string& ca);

  /// Returns the one that was added for `ca`, or null.
  upstream_context find(const std::string& ca) const;

private:
  std::map<std::string, upstream_context> made_;
};

/// Makes the contexts of all servers that are asked over https: upstreams and
/// http.targets. The failure names entry and file. Blocks.
result<std::shared_ptr<const upstream_contexts>>
make_upstream_contexts(const relay_config& config);

/// Makes a connection accept only a certificate for `host`, a name or an
/// address; a name is told to the server (SNI). False when memory is short.
bool expect_host(SSL* connection, const std::string& host);

/// Tells the other side that nothing follows: close_notify (RFC 8446 section
/// 6.1), in one attempt that does not wait. Nothing happens before the end of a
/// handshake. The connection's own output goes nowhere from then on.
/// @pre All that it has written is with the socket.
void end_tls(SSL* connection, int socket) noexcept;

/// Returns OpenSSL's text for a handshake that failed, with what is wrong with
/// the certificate.
std::string handshake_failure(SSL* connection, boost::system::error_code ec);

} // namespace wsrelay
