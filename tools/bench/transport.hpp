// A client's bytes on a non-blocking socket, plain or with TLS.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace wsrelay::bench {

/// Certificates are not verified: it is a load that is generated. Throws
/// `std::bad_alloc`.
std::shared_ptr<SSL_CTX> make_client_tls();

/// Owns no descriptor. `receive` and `send` return as recv(2) and send(2) do:
/// bytes, 0 at the end, or -1 and `errno`.
class transport {
public:
  /// Begins anew on this socket, with TLS where there is a context. `host` is
  /// told to the server (SNI), unless it is an address.
  void start(int fd, SSL_CTX* tls, const std::string& host);

  bool has_tls() const noexcept { return ssl_ != nullptr; }

  /// Returns 1 when there is nothing (more) to be agreed on, 0 when that waits
  /// for the socket, -1 when it failed: `failure` says why.
  int shake_hands();

  /// Returns OpenSSL's text.
  static std::string failure();

  ssize_t receive(char* into, std::size_t size);
  ssize_t send(std::string_view bytes);

  /// Forgets what it has of the connection.
  void reset() noexcept { ssl_ = nullptr; }

private:
  struct free_ssl {
    void operator()(SSL* what) const noexcept { SSL_free(what); }
  };

  ssize_t outcome_of(int returned) const;

  int fd_ = -1;
  std::unique_ptr<SSL, free_ssl> ssl_;
};

} // namespace wsrelay::bench
