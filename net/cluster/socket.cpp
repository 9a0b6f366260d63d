// All kinds of socket.
#include "net/cluster/socket.hpp"

#include "net/cluster/reason.hpp"
#include "net/loop/local_socket.hpp"
#include "net/loop/tcp_socket.hpp"

#include <boost/asio/error.hpp>

#include <fmt/format.h>

#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>

namespace wsrelay {

namespace {

// With more to send a socket is not ready to be written to, though it takes it:
// what is urgent would wait behind all that a send buffer holds.
constexpr int max_unsent = 256 * 1024;

void set_option(int fd, int level, int name, int value) noexcept {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

void set_up_tcp(int fd) noexcept {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, max_unsent);
}

// So that closing it resets it.
void forget_output(int fd) noexcept {
  linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool is_local(int fd) noexcept {
  int domain = 0;
  socklen_t size = sizeof domain;
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  return domain == AF_UNIX;
}

listen_address remote_of_local(int fd) {
  auto user = user_of(fd);
  return {user ? fmt::format("unix:uid={}", *user) : "unix", 0};
}

listen_address remote_of_tcp(int fd) {
  sockaddr_storage found{};
  socklen_t size = sizeof found;
  ::getpeername(fd, reinterpret_cast<sockaddr*>(&found), &size);
  return {address_text(found), port_of(found)};
}

// No network resets a unix socket: the other side has ended, and something was
// left that it had not read.
boost::system::error_code plain_end(boost::system::error_code ec) {
  return ec == boost::asio::error::connection_reset
                 || ec == boost::asio::error::broken_pipe
             ? boost::asio::error::eof
             : ec;
}

class stream_of_node final : public node_socket {
public:
  stream_of_node(std::shared_ptr<async_stream> stream, tls_context_ptr tls)
      : tls_{std::move(tls)},
        stream_{std::move(stream)},
        local_{is_local(stream_->descriptor())},
        remote_{local_ ? remote_of_local(stream_->descriptor())
                       : remote_of_tcp(stream_->descriptor())} {
    if (!local_)
      set_up_tcp(stream_->descriptor());
    if (tls_)
      stream_->use_tls(tls_->native_handle());
  }

  void handshake(role mine, std::function<void(error_code)> done) override {
    stream_->handshake(mine, std::move(done));
  }

  void read_some(boost::asio::mutable_buffer into, completion done) override {
    stream_->read_some(into, told(std::move(done)));
  }

  void write(boost::asio::const_buffer from, completion done) override {
    stream_->write({from}, told(std::move(done)));
  }

  void await_room(std::function<void(error_code)> done) override {
    stream_->await_room(std::move(done));
  }

  // Without TLS's own farewell: messages say where they end.
  void end_output() override { stream_->end_output(); }

  void close() override { stream_->close(); }

  void reset() override {
    forget_output(stream_->descriptor());
    close();
  }

  std::uint64_t received() const override {
    return tls_ ? stream_->received() : 0;
  }

  bool has_unread() const override { return stream_->has_unread(); }

  std::uint64_t sent() const override { return stream_->sent(); }

  std::uint64_t unacknowledged() const override {
    return stream_->unacknowledged();
  }

  std::string explain(error_code ec) const override {
    return tls_ ? tls_reason(ec, stream_->tls()) : ec.message();
  }

  listen_address remote() const override { return remote_; }

private:
  completion told(completion done) const {
    if (!local_)
      return done;
    return [done = std::move(done)](error_code ec, std::size_t count) {
      done(plain_end(ec), count);
    };
  }

  const tls_context_ptr tls_;
  const std::shared_ptr<async_stream> stream_;
  const bool local_;
  const listen_address remote_;
};

} // namespace

std::unique_ptr<node_socket>
make_node_socket(std::shared_ptr<async_stream> stream, tls_context_ptr tls) {
  return std::make_unique<stream_of_node>(std::move(stream), std::move(tls));
}

std::unique_ptr<node_socket> make_node_socket(loop& home, unique_fd socket,
                                              tls_context_ptr tls) {
  return make_node_socket(
      std::make_shared<async_stream>(home, std::move(socket)), std::move(tls));
}

} // namespace wsrelay
