// Boost.Beast 1.81's server, which has read what a client sends.
#pragma once

#include "test/fuzz/input.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay::fuzz {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using socket_stream = beast::test::stream;
using events = std::vector<std::string>;

// A server behind its handshake, and its client.
class beast_server {
public:
  /// With `deflates` it has agreed on permessage-deflate without takeover.
  beast_server(std::size_t max_message, std::string_view bytes,
               bool deflates = false)
      : client_{context()}, server_{context()} {
    server_.next_layer().connect(client_);
    accept(deflates);
    server_.read_message_max(max_message);
    server_.next_layer().append({bytes.data(), bytes.size()});
    server_.next_layer().close_remote();
  }

  events read_all() {
    server_.control_callback([this](auto kind, auto payload) {
      if (kind != websocket::frame_type::close)
        events_.push_back(
            (kind == websocket::frame_type::ping ? "ping " : "pong ")
            + std::string{payload});
    });
    while (read()) {
    }
    return std::move(events_);
  }

private:
  static boost::asio::io_context& context() {
    static boost::asio::io_context instance;
    return instance;
  }

  void accept(bool deflates) {
    websocket::permessage_deflate deflate;
    deflate.server_enable = deflates;
    deflate.server_no_context_takeover = true;
    deflate.client_no_context_takeover = true;
    server_.set_option(deflate);
    websocket::request_type request{beast::http::verb::get, "/", 11};
    request.set("Host", "h");
    request.set("Upgrade", "websocket");
    request.set("Connection", "upgrade");
    request.set("Sec-WebSocket-Version", "13");
    request.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    if (deflates)
      request.set("Sec-WebSocket-Extensions", "permessage-deflate");
    server_.accept(request);
  }

  bool read() {
    beast::flat_buffer buffer;
    beast::error_code error;
    server_.read(buffer, error);
    if (error)
      fail(error);
    else
      events_.push_back((server_.got_text() ? "text " : "binary ")
                        + beast::buffers_to_string(buffer.data()));
    return !error;
  }

  // The end of the bytes, inside of a message or not, is no event.
  void fail(const beast::error_code& code) {
    using websocket::error;
    if (code == error::closed)
      events_.push_back(close_text());
    else if (code == error::message_too_big)
      events_.push_back("failed 1009");
    else if (code == error::bad_frame_payload)
      events_.push_back("failed 1007");
    else if (code == websocket::condition::protocol_violation)
      events_.push_back("failed 1002");
    else
      expect(code == boost::asio::error::eof, "Beast ends with an end");
  }

  std::string close_text() const {
    const auto& [code, reason] = server_.reason();
    auto number = code == websocket::close_code::none ? 1005u : code;
    return "close " + std::to_string(number) + " "
           + std::string{reason.data(), reason.size()};
  }

  socket_stream client_;
  websocket::stream<socket_stream> server_;
  events events_;
};

} // namespace wsrelay::fuzz
