// TLS towards upstreams: whom a relay trusts, and that a server is who its
// host name says.
#pragma once

#include "protocol/result.hpp"

#include <boost/asio/ssl/context.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace wsrelay {

/// Shared by the sockets that were made with it.
using upstream_context = std::shared_ptr<boost::asio::ssl::context>;

/// One context for each file of authorities. Shared by the loops of a node; any
/// thread.
class upstream_contexts {
public:
  /// Returns the context that trusts the authorities in the PEM file `ca`, or
  /// the system's when it is "". TLS 1.2 or later, certificates are verified.
  /// Reads files the first time, and again after a failure.
  result<upstream_context> find(const std::string& ca);

private:
  std::mutex mutex_;
  std::map<std::string, upstream_context> made_; // guarded by mutex_
};

/// Makes a connection accept only a certificate for `host`, a name or an
/// address; a name is told to the server (SNI). False when memory is short.
bool expect_host(SSL* connection, const std::string& host);

/// Returns OpenSSL's text for a handshake that failed, with what is wrong with
/// the certificate.
std::string handshake_failure(SSL* connection, boost::system::error_code ec);

} // namespace wsrelay
