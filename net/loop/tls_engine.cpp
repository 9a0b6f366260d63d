// OpenSSL over a BIO that asks the port.
#include "net/loop/tls_engine.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <limits>
#include <new>

namespace wsrelay {

namespace {

record_port& port_of(BIO* bio) {
  return *static_cast<record_port*>(BIO_get_data(bio));
}

int read_bio(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  auto count = port_of(bio).read_records(into, static_cast<std::size_t>(size));
  if (count == 0)
    BIO_set_retry_read(bio);
  return count == 0 ? -1 : static_cast<int>(count);
}

int write_bio(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  auto count = port_of(bio).write_records(from, static_cast<std::size_t>(size));
  if (count == 0)
    BIO_set_retry_write(bio);
  return count == 0 ? -1 : static_cast<int>(count);
}

long control_bio(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// Made once, and never freed: connections may end as late as the process.
const BIO_METHOD* port_method() {
  static auto* method = [] {
    auto* made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "record port");
    if (made) {
      BIO_meth_set_read(made, read_bio);
      BIO_meth_set_write(made, write_bio);
      BIO_meth_set_ctrl(made, control_bio);
    }
    return made;
  }();
  return method;
}

BIO* make_bio(record_port& port) {
  auto* method = port_method();
  auto* made = method ? BIO_new(method) : nullptr;
  if (!made)
    throw std::bad_alloc{};
  BIO_set_data(made, &port);
  BIO_set_init(made, 1);
  return made;
}

int bounded(std::size_t size) {
  constexpr std::size_t most = std::numeric_limits<int>::max();
  return static_cast<int>(std::min(size, most));
}

} // namespace

// With nothing to read or to write a connection holds no buffers; a read takes
// as many records as have come.
tls_engine::tls_engine(SSL_CTX* context, record_port& port)
    : ssl_{SSL_new(context)} {
  if (!ssl_)
    throw std::bad_alloc{};
  SSL_set_mode(handle(), SSL_MODE_ENABLE_PARTIAL_WRITE
                             | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                             | SSL_MODE_RELEASE_BUFFERS);
  SSL_set_read_ahead(handle(), 1);
  auto* bio = make_bio(port);
  SSL_set_bio(handle(), bio, bio);
}

io_outcome tls_engine::handshake(role mine) {
  ERR_clear_error();
  return outcome_of(mine == client ? SSL_connect(handle())
                                   : SSL_accept(handle()));
}

io_outcome tls_engine::read(char* into, std::size_t size) {
  ERR_clear_error();
  return outcome_of(SSL_read(handle(), into, bounded(size)));
}

io_outcome tls_engine::write(const char* from, std::size_t size) {
  ERR_clear_error();
  return outcome_of(SSL_write(handle(), from, bounded(size)));
}

void tls_engine::say_farewell() {
  SSL_shutdown(handle());
  ERR_clear_error();
}

io_outcome tls_engine::outcome_of(int returned) const {
  namespace error = boost::asio::error;
  if (returned > 0)
    return {static_cast<std::size_t>(returned)};
  switch (SSL_get_error(handle(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {};
    case SSL_ERROR_ZERO_RETURN:
      return {0, error::eof};
    case SSL_ERROR_SSL:
      return {0,
              {static_cast<int>(ERR_get_error()), error::get_ssl_category()}};
    default:
      return {0, boost::asio::ssl::error::unspecified_system_error};
  }
}

} // namespace wsrelay
