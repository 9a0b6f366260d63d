// All kinds of socket, over Asio.
#include "net/cluster/socket.hpp"

#include "net/cluster/reason.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <utility>

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace wsrelay {

namespace {

using tcp = boost::asio::ip::tcp;
using tls_stream = boost::asio::ssl::stream<tcp_socket>;

// With more to send a socket is not ready to be written to, though it takes it:
// what is urgent would wait behind all that a send buffer holds.
void bound_unsent(int fd) noexcept {
  int bytes = 256 * 1024;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

tcp_socket& lowest(tcp_socket& stream) {
  return stream;
}

local_socket& lowest(local_socket& stream) {
  return stream;
}

tcp_socket& lowest(tls_stream& stream) {
  return stream.next_layer();
}

listen_address remote_of(tcp_socket& socket) {
  boost::system::error_code ignored;
  auto found = socket.remote_endpoint(ignored);
  return {found.address().to_string(), found.port()};
}

listen_address remote_of(local_socket& socket) {
  auto user = user_of(socket.native_handle());
  return {user ? fmt::format("unix:uid={}", *user) : "unix", 0};
}

// No network resets a unix socket: the other side has ended, and something was
// left that it had not read.
boost::system::error_code plain_end(boost::system::error_code ec) {
  return ec == boost::asio::error::connection_reset
                 || ec == boost::asio::error::broken_pipe
             ? boost::asio::error::eof
             : ec;
}

template <class Stream>
class stream_socket final : public node_socket {
public:
  stream_socket(Stream stream, tls_context_ptr tls)
      : tls_{std::move(tls)}, stream_{std::move(stream)} {
    close_on_exec(lowest(stream_).native_handle());
    remote_ = remote_of(lowest(stream_));
    if constexpr (!is_local) {
      error_code ignored;
      lowest(stream_).set_option(tcp::no_delay{true}, ignored);
      bound_unsent(lowest(stream_).native_handle());
    }
  }

  void handshake(role mine, std::function<void(error_code)> done) override {
    if constexpr (std::is_same_v<Stream, tls_stream>)
      stream_.async_handshake(mine == client ? tls_stream::client
                                             : tls_stream::server,
                              std::move(done));
    else
      boost::asio::post(stream_.get_executor(),
                        [done = std::move(done)] { done({}); });
  }

  void read_some(boost::asio::mutable_buffer into, completion done) override {
    stream_.async_read_some(into, told(std::move(done)));
  }

  void write(boost::asio::const_buffer from, completion done) override {
    auto note = [this, before = sent_](std::size_t count) {
      sent_ = before + count;
    };
    boost::asio::async_write(
        stream_, from,
        [note](error_code ec, std::size_t count) { // not behind the last part
          note(count);
          return boost::asio::transfer_all()(ec, count);
        },
        told([note, done = std::move(done)](error_code ec, std::size_t count) {
          note(count);
          done(ec, count);
        }));
  }

  void await_room(std::function<void(error_code)> done) override {
    lowest(stream_).async_wait(boost::asio::socket_base::wait_write,
                               std::move(done));
  }

  // Without TLS's own farewell: messages say where they end.
  void end_output() override {
    error_code ignored;
    lowest(stream_).shutdown(boost::asio::socket_base::shutdown_send, ignored);
  }

  void close() override {
    error_code ignored;
    lowest(stream_).close(ignored);
  }

  void reset() override {
    error_code ignored;
    lowest(stream_).set_option(boost::asio::socket_base::linger{true, 0},
                               ignored);
    close();
  }

  std::uint64_t received() const override {
    if constexpr (std::is_same_v<Stream, tls_stream>)
      return BIO_number_read(SSL_get_rbio(handle()));
    else
      return 0;
  }

  std::uint64_t sent() const override {
    if constexpr (std::is_same_v<Stream, tls_stream>)
      return BIO_number_written(SSL_get_wbio(handle()));
    else
      return sent_;
  }

  std::uint64_t unacknowledged() const override {
    int count = 0;
    auto fd = lowest(const_cast<Stream&>(stream_)).native_handle();
    return ::ioctl(fd, SIOCOUTQ, &count) == 0 ? static_cast<unsigned>(count)
                                              : 0;
  }

  std::string explain(error_code ec) const override {
    if constexpr (std::is_same_v<Stream, tls_stream>)
      return tls_reason(ec, handle());
    else
      return ec.message();
  }

  listen_address remote() const override { return remote_; }

private:
  static constexpr bool is_local = std::is_same_v<Stream, local_socket>;

  template <class Completion>
  static auto told(Completion done) {
    if constexpr (is_local)
      return [done = std::move(done)](error_code ec, std::size_t count) {
        done(plain_end(ec), count);
      };
    else
      return done;
  }

  // Asio has it for streams that may be changed only.
  SSL* handle() const { return const_cast<Stream&>(stream_).native_handle(); }

  tls_context_ptr tls_;
  Stream stream_;
  std::uint64_t sent_ = 0;
  listen_address remote_;
};

} // namespace

void close_on_exec(int fd) noexcept {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

std::unique_ptr<node_socket> make_node_socket(tcp_socket socket,
                                              tls_context_ptr tls) {
  if (!tls)
    return std::make_unique<stream_socket<tcp_socket>>(std::move(socket),
                                                       nullptr);
  tls_stream stream{std::move(socket), *tls};
  return std::make_unique<stream_socket<tls_stream>>(std::move(stream),
                                                     std::move(tls));
}

std::unique_ptr<node_socket> make_node_socket(local_socket socket) {
  return std::make_unique<stream_socket<local_socket>>(std::move(socket),
                                                       nullptr);
}

} // namespace wsrelay
