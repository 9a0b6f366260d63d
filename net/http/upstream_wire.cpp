// Both kinds of wire, over one kind of stream.
#include "net/http/upstream_wire.hpp"

#include "net/loop/async_stream.hpp"
#include "net/loop/tcp_socket.hpp"

#include <boost/asio/error.hpp>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <exception>
#include <utility>

namespace wsrelay {

namespace {

namespace asio = boost::asio;
using error_code = boost::system::error_code;

class wire final : public upstream_wire,
                   public std::enable_shared_from_this<wire> {
public:
  wire(loop& home, upstream_context context)
      : home_{home}, context_{std::move(context)} {}

  void connect(const asio::ip::tcp::endpoint& to, const std::string& host,
               std::function<void(std::string)> done) override {
    connected_ = std::move(done);
    host_ = host;
    error_code ec;
    auto socket = make_tcp_socket(to.protocol().family(), ec);
    if (ec) // not before this returns
      return home_.post(
          [on_done = handler(&wire::on_connected), ec] { on_done(ec); });
    stream_ = std::make_shared<async_stream>(home_, std::move(socket));
    stream_->connect(to.data(), static_cast<socklen_t>(to.size()),
                     handler(&wire::on_connected));
  }

  void attach(wire_events& user) override {
    if (!std::exchange(user_, &user))
      read();
  }

  void write(shared_buffer head, shared_buffer body) override {
    head_ = std::move(head);
    body_ = std::move(body);
    stream_->write({asio::buffer(head_.view()), asio::buffer(body_.view())},
                   handler(&wire::on_written));
  }

  bool is_quiet() override {
    char byte;
    return !closed_
           && ::recv(stream_->descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT)
                  < 0
           && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  void close() override {
    // In the middle of a request its end would be a lie.
    if (!closed_ && stream_ && stream_->tls() && head_.view().empty())
      end_tls(stream_->tls(), stream_->descriptor());
    closed_ = true;
    user_ = nullptr;
    connected_ = nullptr;
    if (stream_)
      stream_->close();
  }

private:
  // A completion: keeps the wire alive, is dropped once it is closed, and ends
  // the wire, nothing else, when it throws.
  template <class... Values>
  std::function<void(error_code, Values...)>
  handler(void (wire::*what)(error_code, Values...)) {
    return [me = shared_from_this(), what](error_code ec, Values... values) {
      if (me->closed_)
        return;
      try {
        (*me.*what)(ec, values...);
      } catch (const std::exception& error) {
        me->fail(error.what());
      }
    };
  }

  void on_connected(error_code ec) {
    if (ec || !context_)
      return tell_connected(ec ? ec.message() : "");
    stream_->use_tls(context_->native_handle());
    if (!expect_host(stream_->tls(), host_))
      return tell_connected("out of memory");
    stream_->handshake(tls_engine::client, handler(&wire::on_proved));
  }

  void on_proved(error_code ec) {
    tell_connected(ec ? handshake_failure(stream_->tls(), ec) : "");
  }

  void tell_connected(std::string why) {
    auto done = std::exchange(connected_, nullptr);
    done(std::move(why));
  }

  void on_written(error_code ec, std::size_t count) {
    head_ = body_ = {};
    user_->on_written(!ec, count > 0);
  }

  void read() {
    stream_->read_some(asio::buffer(input_), handler(&wire::on_read));
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
      tell_connected(why);
    else if (user_)
      user_->on_end(why);
  }

  loop& home_;
  const upstream_context context_; // null = no TLS
  std::string host_;
  std::shared_ptr<async_stream> stream_;
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
  return std::make_shared<wire>(home, std::move(context));
}

} // namespace wsrelay
