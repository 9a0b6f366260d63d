// TLS on somebody else's bytes: OpenSSL without a socket of its own.
#pragma once

#include <boost/system/error_code.hpp>

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>

namespace wsrelay {

/// Where records come from and go to. Neither call waits.
class record_port {
public:
  /// Reads what is there. Returns the number of bytes; 0: nothing now.
  virtual std::size_t read_records(char* into, std::size_t size) = 0;

  /// Returns how many bytes were taken; 0: none now.
  virtual std::size_t write_records(const char* from, std::size_t size) = 0;

protected:
  ~record_port() = default;
};

/// What came of an attempt to read or to write.
struct io_outcome {
  std::size_t count = 0;
  /// Set where `count` is 0 and more will not help: `asio::error::eof` when the
  /// other side said so, or OpenSSL's reason in Asio's category for it.
  boost::system::error_code ec{};

  /// Returns whether it has to be tried again when the port is ready.
  bool is_blocked() const noexcept { return count == 0 && !ec; }
};

/// One connection. An attempt that is blocked goes on where it was when it is
/// made again, with the same bytes. One thread.
class tls_engine {
public:
  enum role { client, server };

  /// Throws `std::bad_alloc`.
  /// @pre Both outlive the engine.
  tls_engine(SSL_CTX* context, record_port& port);

  /// Proves who is who. Returns 1 when that is done, 0 when it is blocked.
  io_outcome handshake(role mine);

  /// Reads from one record at most.
  io_outcome read(char* into, std::size_t size);

  /// Writes into records until the port takes no more.
  io_outcome write(const char* from, std::size_t size);

  /// Writes that nothing follows: close_notify (RFC 8446 section 6.1).
  /// @pre The handshake is done.
  void say_farewell();

  SSL* handle() const noexcept { return ssl_.get(); }

private:
  struct free_ssl {
    void operator()(SSL* what) const noexcept { SSL_free(what); }
  };

  io_outcome outcome_of(int returned) const;

  std::unique_ptr<SSL, free_ssl> ssl_;
};

} // namespace wsrelay
