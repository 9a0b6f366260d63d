// The only file that instantiates Beast's WebSocket stream.
#include "net/ws_session.hpp"

#include "actors/log.hpp"
#include "net/message_queue.hpp"
#include "net/ws_liveness.hpp"
#include "net/ws_read_end.hpp"
#include "protocol/utf8.hpp"

#include <caf/all.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <optional>

namespace wsrelay {

namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using error_code = boost::system::error_code;

// A read buffer over this size is given back once its message is relayed.
constexpr std::size_t kept_read_buffer = 8 * 1024;

class ws_session final : public frame_port,
                         public flush_listener,
                         public loop_timer,
                         public std::enable_shared_from_this<ws_session> {
public:
  ws_session(std::shared_ptr<gathered_socket> socket, admission admitted,
             ws_registration registration)
      : socket_{socket},
        loop_{socket->home()},
        ws_{gathered_layer{std::move(socket)}},
        config_{std::make_unique<start_info>(
            start_info{std::move(admitted), std::move(registration)})},
        options_{*config_->admitted.options},
        liveness_{options_.ping_interval, options_.pong_timeout} {}

  ~ws_session() override { socket_->listen_to_flushes(nullptr); }

  void accept(ws_handshake handshake) {
    namespace http = beast::http;
    http::request<http::empty_body> request{http::verb::get, "/", 11};
    request.set(http::field::host, "relay");
    request.set(http::field::upgrade, "websocket");
    request.set(http::field::connection, "upgrade");
    request.set(http::field::sec_websocket_key, handshake.key);
    request.set(http::field::sec_websocket_version, "13");
    ws_.set_option(websocket::stream_base::decorator(
        [headers =
             std::move(handshake.headers)](websocket::response_type& response) {
          response.set(http::field::server, "wsrelay");
          for (auto& [name, value] : headers)
            response.insert(name, value);
        }));
    ws_.read_message_max(options_.max_message_size);
    ws_.auto_fragment(false);
    ws_.control_callback([this](websocket::frame_type kind, auto) {
      if (kind == websocket::frame_type::close)
        on_close_frame();
    });
    ws_.async_accept(request, [me = shared_from_this()](error_code ec) {
      me->on_accept(ec);
    });
  }

  // -- frame_port -------------------------------------------------------------

  void attach(frame_sink* sink) override {
    sink_ = sink;
    if (sink)
      return;
    actor_ = nullptr;
    if (!left_)
      close(1011, {}); // counts only when nobody closed before
  }

  std::uint64_t write(message_type type, const shared_buffer& data,
                      bool notify) override {
    if (!done_ && !closing_) {
      queue_.push({type, notify, data});
      write_next();
    }
    return ++written_;
  }

  std::size_t queued_bytes() const override {
    return queue_.bytes() + socket_->pending();
  }

  void close(std::uint16_t code, std::string_view reason) override {
    if (closing_ || done_)
      return;
    closing_ = true;
    close_reason_.code = code;
    close_reason_.reason.assign(reason.data(), reason.size());
    close_deadline_ = loop_.now() + options_.close_timeout;
    update_timer();
    if (!writing_)
      post([](ws_session& me) { me.send_close(); });
  }

  void resume() override {
    paused_ = false;
    if (have_message_)
      post([](ws_session& me) { me.deliver(); });
    else if (!reading_)
      read();
  }

  void pause() override { paused_ = true; }

  time_point now() const override { return loop_.now(); }

  void wake_at(time_point when) override {
    wake_ = when;
    update_timer();
  }

private:
  struct start_info {
    admission admitted;
    ws_registration registration;
  };
  template <class F>
  void post(F what) {
    boost::asio::post(ws_.get_executor(),
                      [me = shared_from_this(), what] { what(*me); });
  }

  void on_accept(error_code ec) {
    if (ec) {
      log().debug("upgrade failed: {}", ec.message());
      return socket_->close();
    }
    socket_->listen_to_flushes(this);
    auto start = std::move(config_);
    liveness_.start(loop_.now());
    update_timer();
    auto& system = loop_.system();
    actor_ =
        spawn_on(system, &loop_, connection, frame_port_ptr{shared_from_this()},
                 std::move(start->admitted.config));
    caf::anon_send(
        start->registration.acceptor,
        acceptor_opened{{actor_, shared_buffer{to_string(actor_)},
                         std::move(start->registration.remote_address),
                         std::move(start->admitted.endpoint)}});
  }

  // -- reading ----------------------------------------------------------------

  std::string_view input() const {
    auto bytes = input_.cdata();
    return {static_cast<const char*>(bytes.data()), bytes.size()};
  }

  void read() {
    reading_ = true;
    ws_.async_read(input_,
                   [me = shared_from_this()](error_code ec, std::size_t) {
                     me->on_read(ec);
                   });
  }

  void on_read(error_code ec) {
    reading_ = false;
    if (ec)
      return on_read_error(ec);
    // Beast 1.81 checks the end of a text together with the payload of its last
    // frame: behind an empty last frame nothing is checked (RFC 6455 8.1).
    if (ws_.got_text() && ends_inside_sequence(input()))
      return refuse_message(1007);
    have_message_ = true;
    if (!paused_)
      deliver();
  }

  void deliver() {
    if (!have_message_ || paused_)
      return;
    have_message_ = false;
    shared_buffer data{input()};
    input_.consume(input_.size());
    if (input_.capacity() > kept_read_buffer)
      input_ = beast::flat_buffer{};
    if (sink_ && !closing_)
      sink_->on_frame(ws_.got_text() ? message_type::text
                                     : message_type::binary,
                      std::move(data));
    if (!paused_ && !reading_ && !closing_ && !done_)
      read();
  }

  // Closes although Beast saw nothing wrong; the connection has ended.
  void refuse_message(std::uint16_t code) {
    close(code, {});
    if (auto* sink = std::exchange(sink_, nullptr))
      sink->on_closed(end_cause::protocol_error, code, {});
  }

  // The connection has ended; the socket may stay for a while.
  void on_close_frame() {
    if (closing_ || done_)
      return;
    left_ = true;
    auto& reason = ws_.reason();
    if (auto* sink = std::exchange(sink_, nullptr))
      sink->on_closed(end_cause::client_closed, reason.code,
                      reason.reason.c_str());
  }

  void on_teardown() override {
    if (done_ || close_deadline_ != time_point::max())
      return;
    close_deadline_ = loop_.now() + options_.close_timeout;
    update_timer();
  }

  void on_read_error(error_code ec) {
    if (closing_) // the close that is under way tells
      return;
    auto [cause, code] = to_read_end(ec);
    auto& reason = ws_.reason();
    if (cause == end_cause::client_closed)
      return finish(cause, reason.code, reason.reason.c_str());
    finish(cause, code, {});
  }

  // -- writing ----------------------------------------------------------------

  void write_next() {
    if (writing_ || queue_.empty())
      return;
    writing_ = true;
    auto& next = queue_.front();
    ws_.text(next.type == message_type::text);
    ws_.async_write(boost::asio::buffer(next.data.data(), next.data.size()),
                    [me = shared_from_this()](error_code ec, std::size_t) {
                      me->on_write(ec);
                    });
  }

  void on_write(error_code ec) {
    writing_ = false;
    if (done_)
      return;
    // After an error the read, or the close, tells what has happened; while
    // nothing is read nobody would.
    if (ec && paused_ && !reading_ && !closing_)
      return finish(end_cause::connection_lost, 0, {});
    if (!ec)
      message_gathered();
    if (!ec && !queue_.empty())
      write_next();
    else if (closing_)
      send_close();
  }

  void message_gathered() {
    auto notify = queue_.front().notify;
    queue_.pop(socket_->gathered());
    if (notify && socket_->pending() == 0)
      on_flushed(socket_->flushed());
  }

  void on_flushed(std::uint64_t total) override {
    if (auto number = queue_.flushed(total); number > 0 && sink_)
      sink_->on_drained(number);
  }

  // -- end --------------------------------------------------------------------

  void send_close() {
    if (done_ || close_sent_)
      return;
    close_sent_ = true;
    if (close_reason_.code == 1005 || close_reason_.code == 1006)
      return finish_closed(); // codes that stand for "no close frame"
    ws_.async_close(close_reason_, [me = shared_from_this()](error_code) {
      me->finish_closed();
    });
  }

  void finish_closed() { finish(end_cause::connection_lost, 0, {}); }

  void finish(end_cause cause, std::uint16_t code, std::string_view text) {
    if (done_)
      return;
    done_ = true;
    loop_.set_timer(*this, time_point::max());
    socket_->listen_to_flushes(nullptr);
    socket_->close();
    queue_.clear();
    if (auto* sink = std::exchange(sink_, nullptr))
      sink->on_closed(cause, code, text);
    actor_ = nullptr;
  }

  // -- time -------------------------------------------------------------------

  void on_timer() override {
    auto keep = shared_from_this();
    auto time = loop_.now();
    if (time >= close_deadline_)
      return finish_closed();
    if (time >= liveness_.next())
      check_liveness(time);
    if (!done_ && time >= wake_) {
      wake_ = time_point::max();
      if (sink_)
        sink_->on_wake();
    }
    if (!done_)
      update_timer();
  }

  void check_liveness(time_point time) {
    auto pausing = paused_ && !closing_;
    switch (liveness_.check(time, socket_->socket().native_handle(), pausing)) {
      case liveness::verdict::alive:
        break;
      case liveness::verdict::ping:
        ping();
        break;
      case liveness::verdict::dead:
        finish(end_cause::timeout, 0, {});
        break;
    }
  }

  // Beast takes one ping at a time, and one that waits behind output that the
  // client does not read is still under way.
  void ping() {
    if (!std::exchange(pinging_, true))
      ws_.async_ping(
          {}, [me = shared_from_this()](error_code) { me->pinging_ = false; });
  }

  void update_timer() {
    auto liveness_due = closing_ ? time_point::max() : liveness_.next();
    if (!done_)
      loop_.set_timer(*this, std::min({wake_, close_deadline_, liveness_due}));
  }

  std::shared_ptr<gathered_socket> socket_;
  loop& loop_;
  websocket::stream<gathered_layer, false> ws_;
  std::unique_ptr<start_info> config_;
  const relay_options& options_;
  caf::actor actor_; // keeps the connection alive while the socket is open
  frame_sink* sink_ = nullptr;

  beast::flat_buffer input_;
  bool reading_ = false;
  bool have_message_ = false; // read while paused, stands in input_
  bool paused_ = true;
  bool pinging_ = false;

  message_queue queue_;
  bool writing_ = false;
  std::uint64_t written_ = 0;

  bool left_ = false; // the client's close frame has come
  bool closing_ = false;
  bool close_sent_ = false;
  bool done_ = false;
  websocket::close_reason close_reason_;
  time_point close_deadline_ = time_point::max();
  time_point wake_ = time_point::max();
  liveness liveness_;
};

} // namespace

void start_ws_session(std::shared_ptr<gathered_socket> socket,
                      ws_handshake handshake, admission admitted,
                      ws_registration registration) {
  std::make_shared<ws_session>(std::move(socket), std::move(admitted),
                               std::move(registration))
      ->accept(std::move(handshake));
}

} // namespace wsrelay
