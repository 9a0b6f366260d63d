// TLS towards clients: which certificate a service shows, and what it agrees
// to.
#pragma once

#include "config/config.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ssl/context.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

/// What session tickets are sealed with, as OpenSSL wants it. Tickets are good
/// as long as it stays the same.
using ticket_keys = std::array<unsigned char, 80>;

/// Makes new ones. Throws `std::bad_alloc` when OpenSSL has no random numbers.
ticket_keys make_ticket_keys();

/// What a service shows and agrees to: TLS 1.2 and 1.3, forward secrecy and
/// authenticated encryption only, HTTP/1.1 by ALPN. Constant: all loops share
/// it.
class service_tls {
public:
  /// Loads the files. The failure names the file. Blocks.
  static result<std::shared_ptr<const service_tls>>
  make(const service_tls_config& settings, const ticket_keys& keys);

  /// Returns when the first of the certificates expires.
  std::chrono::system_clock::time_point expires() const noexcept {
    return expires_;
  }

  /// Returns the context for a new connection, which keeps it; this object is
  /// kept until the end of its handshake.
  SSL_CTX* context() const noexcept {
    return contexts_.front()->native_handle();
  }

private:
  using context_ptr = std::unique_ptr<boost::asio::ssl::context>;

  static int choose(SSL* connection, int* alert, void* self);

  std::vector<context_ptr> contexts_; // one for each certificate
  std::chrono::system_clock::time_point expires_;
};

/// What is wrong with a file of a service's `tls`.
struct service_tls_finding {
  std::string key; // within the service, such as "tls.key"
  std::string text;
  bool is_error = true; // else clients will not like it
};

/// Returns why `service_tls::make` would fail, for each of the files, and which
/// certificates are out of date. Blocks.
std::vector<service_tls_finding>
check_service_tls(const service_tls_config& settings);

} // namespace wsrelay
