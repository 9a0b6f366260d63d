// The layer below HTTP and WebSocket: a TCP socket whose output is gathered and
// sent with one call at the end of the loop's turn. Back-pressure stays: while
// the kernel takes nothing, at most `high_water` bytes and one piece gather.
#pragma once

#include "net/loop.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/saved_handler.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace wsrelay {

/// Is told when the kernel took bytes.
class flush_listener {
public:
  /// `total` bytes were taken since the socket was opened.
  virtual void on_flushed(std::uint64_t total) = 0;

  /// The closing handshake is over, or the connection failed: the socket now
  /// only waits for the client to close.
  virtual void on_teardown() = 0;

protected:
  ~flush_listener() = default;
};

/// The socket and its gathered output. Loop thread only. Held by shared
/// pointers: operations under way keep it.
class gathered_socket final
    : public flushable,
      public std::enable_shared_from_this<gathered_socket> {
public:
  using executor_type = boost::asio::io_context::executor_type;
  using socket_type =
      boost::asio::basic_stream_socket<boost::asio::ip::tcp, executor_type>;
  using error_code = boost::system::error_code;

  /// Bytes that gather before writes wait, and the largest piece taken at once.
  static constexpr std::size_t high_water = 64 * 1024;

  /// `ticket` is released together with the descriptor.
  gathered_socket(loop& home, socket_type socket, std::shared_ptr<void> ticket);
  ~gathered_socket();

  gathered_socket(const gathered_socket&) = delete;
  gathered_socket& operator=(const gathered_socket&) = delete;

  loop& home() noexcept { return home_; }
  socket_type& socket() noexcept { return socket_; }

  void tell_teardown() {
    if (listener_)
      listener_->on_teardown();
  }

  void listen_to_flushes(flush_listener* who) noexcept { listener_ = who; }

  /// Bytes ever gathered, ever taken by the kernel, and those between.
  std::uint64_t gathered() const noexcept { return flushed_ + pending(); }
  std::uint64_t flushed() const noexcept { return flushed_; }
  std::size_t pending() const noexcept { return output_.size() - sent_; }

  /// Sends what has gathered, as far as the kernel takes it; called by the loop
  /// at the end of its turn.
  void flush() override;

  /// Closes the descriptor at once. Operations under way end with an error.
  void close();

  /// Bytes that were read too far; the next read gets them first.
  void put_back(std::string_view bytes) { put_back_.append(bytes); }

  /// Set while nobody waits for anything but a next request: such a socket is
  /// closed when the node stops.
  bool idle = false;

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& space) {
          if (put_back_.empty())
            socket_.async_read_some(space, std::move(handler));
          else
            complete(std::move(handler), {}, take_put_back(space));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& data) {
          write(data, std::move(handler));
        },
        token, buffers);
  }

  /// Calls the handler, with no arguments, when nothing is pending any more. It
  /// must also take an error code: Beast's saved handlers can be cancelled.
  template <class Handler>
  void async_drain(Handler handler) {
    drain_handler_.emplace(std::move(handler));
    if (pending() == 0)
      boost::asio::post(socket_.get_executor(), [me = shared_from_this()] {
        me->drain_handler_.maybe_invoke();
      });
    else
      mark_dirty();
  }

private:
  template <class Handler>
  void complete(Handler handler, error_code ec, std::size_t count) {
    boost::asio::post(
        socket_.get_executor(),
        boost::beast::bind_front_handler(std::move(handler), ec, count));
  }

  template <class Buffers, class Handler>
  void write(const Buffers& data, Handler handler) {
    if (error_)
      return complete(std::move(handler), error_, 0);
    auto count = append(data);
    if (pending() >= high_water)
      flush_now();
    else
      mark_dirty();
    if (pending() < high_water)
      return complete(std::move(handler), error_, count);
    write_handler_.emplace(
        [this, count, handler = std::move(handler)](error_code = {}) mutable {
          complete(std::move(handler), error_, count);
        });
  }

  template <class Buffers>
  std::size_t append(const Buffers& data) {
    std::size_t count = 0;
    auto last = boost::asio::buffer_sequence_end(data);
    for (auto i = boost::asio::buffer_sequence_begin(data); i != last; ++i) {
      boost::asio::const_buffer piece{*i};
      auto size = std::min(piece.size(), high_water - count);
      append_bytes(static_cast<const char*>(piece.data()), size);
      count += size;
    }
    return count;
  }

  template <class Buffers>
  std::size_t take_put_back(const Buffers& space) {
    auto count =
        boost::asio::buffer_copy(space, boost::asio::buffer(put_back_));
    put_back_.erase(0, count);
    return count;
  }

  void append_bytes(const char* data, std::size_t size) {
    output_.append(data, size);
  }
  void mark_dirty();
  void flush_now();
  void send_pending();
  void wait_until_writable();
  void fail(error_code ec);
  void after_flush(std::uint64_t flushed_before);

  loop& home_;
  socket_type socket_;
  std::shared_ptr<void> ticket_;
  flush_listener* listener_ = nullptr;
  std::string output_;
  std::size_t sent_ = 0; // bytes of output_ that the kernel has
  std::uint64_t flushed_ = 0;
  std::string put_back_;
  error_code error_;
  bool dirty_ = false;
  bool waiting_ = false; // for the kernel to take more
  boost::beast::saved_handler write_handler_;
  boost::beast::saved_handler drain_handler_;
};

/// The socket as a layer that Beast's streams own.
class gathered_layer {
public:
  using executor_type = gathered_socket::executor_type;

  explicit gathered_layer(std::shared_ptr<gathered_socket> socket)
      : socket_{std::move(socket)} {}

  executor_type get_executor() { return socket_->socket().get_executor(); }
  gathered_socket& get() const noexcept { return *socket_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return socket_->async_read_some(buffers, std::forward<Token>(token));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return socket_->async_write_some(buffers, std::forward<Token>(token));
  }

private:
  std::shared_ptr<gathered_socket> socket_;
};

// What Beast asks of a layer below a WebSocket; found by argument-dependent
// look-up (Boost.Beast 1.81, "Teardown").

inline void beast_close_socket(gathered_layer& layer) {
  layer.get().close();
}

inline void teardown(boost::beast::role_type, gathered_layer& layer,
                     boost::system::error_code&) {
  layer.get().close();
}

/// Sends what has gathered before the socket is shut down: the close frame is
/// in there.
template <class Handler>
void async_teardown(boost::beast::role_type role, gathered_layer& layer,
                    Handler&& handler) {
  auto& socket = layer.get();
  socket.tell_teardown();
  socket.async_drain([role, keep = socket.shared_from_this(),
                      handler = std::forward<Handler>(handler)](
                         boost::system::error_code = {}) mutable {
    // The read that failed says why; how the teardown went says nothing.
    boost::beast::websocket::async_teardown(
        role, keep->socket(),
        [handler = std::move(handler)](boost::system::error_code) mutable {
          handler(boost::system::error_code{});
        });
  });
}

} // namespace wsrelay
