#include "tools/bench/transport.hpp"

#include <openssl/err.h>

#include <cerrno>
#include <new>

#include <arpa/inet.h>
#include <sys/socket.h>

namespace wsrelay::bench {

namespace {

bool is_address(const std::string& host) {
  in6_addr ignored;
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1
         || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

} // namespace

std::shared_ptr<SSL_CTX> make_client_tls() {
  std::shared_ptr<SSL_CTX> made{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  if (!made)
    throw std::bad_alloc{};
  SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE
                                   | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                   | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(made.get(), 1);
  return made;
}

void transport::start(int fd, SSL_CTX* tls, const std::string& host) {
  fd_ = fd;
  ssl_.reset(tls ? SSL_new(tls) : nullptr);
  if (!tls)
    return;
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd) != 1)
    throw std::bad_alloc{};
  if (!is_address(host))
    SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
}

int transport::shake_hands() {
  if (!ssl_)
    return 1;
  ERR_clear_error();
  auto returned = SSL_connect(ssl_.get());
  if (returned == 1)
    return 1;
  auto error = SSL_get_error(ssl_.get(), returned);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

std::string transport::failure() {
  auto code = ERR_get_error();
  auto* text = ERR_reason_error_string(code);
  return text ? text : "the connection was closed";
}

ssize_t transport::receive(char* into, std::size_t size) {
  if (!ssl_)
    return ::recv(fd_, into, size, 0);
  ERR_clear_error();
  return outcome_of(SSL_read(ssl_.get(), into, static_cast<int>(size)));
}

ssize_t transport::send(std::string_view bytes) {
  if (!ssl_)
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  ssize_t sent = 0;
  while (!bytes.empty()) { // a record at a time
    ERR_clear_error();
    auto count =
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (count <= 0)
      return sent > 0 ? sent : outcome_of(count);
    sent += count;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return sent;
}

ssize_t transport::outcome_of(int returned) const {
  if (returned > 0)
    return returned;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      return errno == 0 ? 0 : -1;
    default:
      errno = EPROTO;
      return -1;
  }
}

} // namespace wsrelay::bench
