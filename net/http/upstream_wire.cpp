// Both kinds of wire, over Asio.
#include "net/http/upstream_wire.hpp"

#include "net/loop/tcp_socket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <exception>
#include <type_traits>
#include <utility>

namespace wsrelay {

namespace {

namespace asio = boost::asio;
using error_code = boost::system::error_code;
using tls_stream = asio::ssl::stream<tcp_socket>;

tcp_socket& lowest(tcp_socket& stream) {
  return stream;
}

tcp_socket& lowest(tls_stream& stream) {
  return stream.next_layer();
}

// Not inherited over exec, which Asio's own would be.
error_code open(tcp_socket& socket, const asio::ip::tcp& protocol) {
  auto fd = ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return {errno, boost::system::system_category()};
  error_code ec;
  socket.assign(protocol, fd, ec);
  if (!ec)
    socket.set_option(asio::ip::tcp::no_delay{true}, ec);
  return ec;
}

template <class Stream>
class wire final : public upstream_wire,
                   public std::enable_shared_from_this<wire<Stream>> {
public:
  static constexpr bool has_tls = std::is_same_v<Stream, tls_stream>;

  wire(Stream stream, upstream_context context)
      : context_{std::move(context)}, stream_{std::move(stream)} {}

  void connect(const asio::ip::tcp::endpoint& to, const std::string& host,
               std::function<void(std::string)> done) override {
    connected_ = std::move(done);
    auto on_done = handler([host](auto& me, error_code ec) {
      ec ? me.on_connected(ec.message()) : me.handshake(host);
    });
    if (auto ec = open(lowest(stream_), to.protocol()))
      asio::post(lowest(stream_).get_executor(),
                 [on_done, ec]() mutable { on_done(ec); });
    else
      lowest(stream_).async_connect(to, std::move(on_done));
  }

  void attach(wire_events& user) override {
    if (!std::exchange(user_, &user))
      read();
  }

  void write(shared_buffer head, shared_buffer body) override {
    head_ = std::move(head);
    body_ = std::move(body);
    std::array<asio::const_buffer, 2> both{asio::buffer(head_.view()),
                                           asio::buffer(body_.view())};
    asio::async_write(stream_, both,
                      handler([](auto& me, error_code ec, std::size_t count) {
                        me.head_ = me.body_ = {};
                        me.user_->on_written(!ec, count > 0);
                      }));
  }

  bool is_quiet() override {
    char byte;
    return !closed_
           && ::recv(lowest(stream_).native_handle(), &byte, 1,
                     MSG_PEEK | MSG_DONTWAIT)
                  < 0
           && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  void close() override {
    // In the middle of a request its end would be a lie.
    if constexpr (has_tls) {
      if (!closed_ && head_.view().empty())
        end_tls(stream_.native_handle(), lowest(stream_).native_handle());
    }
    closed_ = true;
    user_ = nullptr;
    connected_ = nullptr;
    error_code ignored;
    lowest(stream_).close(ignored);
  }

private:
  // A completion: keeps the wire alive, is dropped once it is closed, and ends
  // the wire, nothing else, when it throws.
  template <class F>
  auto handler(F what) {
    return
        [me = this->shared_from_this(), what](error_code ec, auto... values) {
          if (me->closed_)
            return;
          try {
            what(*me, ec, values...);
          } catch (const std::exception& error) {
            me->fail(error.what());
          }
        };
  }

  void handshake(const std::string& host) {
    if constexpr (has_tls) {
      if (!expect_host(stream_.native_handle(), host))
        return on_connected("out of memory");
      stream_.async_handshake(tls_stream::client,
                              handler([](auto& me, error_code ec) {
                                me.on_connected(ec ? me.tls_failure(ec) : "");
                              }));
    } else {
      on_connected("");
    }
  }

  std::string tls_failure(error_code ec) {
    if constexpr (has_tls)
      return handshake_failure(stream_.native_handle(), ec);
    else
      return ec.message();
  }

  void on_connected(std::string why) {
    auto done = std::exchange(connected_, nullptr);
    done(std::move(why));
  }

  void read() {
    stream_.async_read_some(
        asio::buffer(input_),
        handler([](auto& me, error_code ec, std::size_t count) {
          me.on_read(ec, count);
        }));
  }

  void on_read(error_code ec, std::size_t count) {
    if (count > 0)
      user_->on_bytes({input_.data(), count});
    if (closed_)
      return;
    if (!ec)
      return read();
    user_->on_end(ec == asio::error::eof ? "" : ec.message());
  }

  void fail(const char* why) {
    if (connected_)
      on_connected(why);
    else if (user_)
      user_->on_end(why);
  }

  upstream_context context_; // outlives the stream
  Stream stream_;
  bool closed_ = false;
  wire_events* user_ = nullptr;
  std::function<void(std::string)> connected_;
  shared_buffer head_; // while they are written
  shared_buffer body_;
  std::array<char, 16 * 1024> input_; // a record of TLS
};

} // namespace

std::shared_ptr<upstream_wire> make_upstream_wire(loop& home,
                                                  upstream_context context) {
  tcp_socket socket{home.context().get_executor()};
  if (!context)
    return std::make_shared<wire<tcp_socket>>(std::move(socket), nullptr);
  tls_stream stream{std::move(socket), *context};
  return std::make_shared<wire<tls_stream>>(std::move(stream),
                                            std::move(context));
}

} // namespace wsrelay
