// The only test file that instantiates Beast's WebSocket client.
#include "test/net/ws/client.hpp"

#include "test/net/support.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <doctest/doctest.h>

#include <sys/socket.h>

namespace wsrelay::test {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

// Blocking, so that a receive timeout of the kernel ends it.
tcp::socket connect(asio::io_context& context, std::uint16_t port) {
  tcp::socket socket{context};
  socket.connect({asio::ip::address_v4::loopback(), port});
  timeval limit{std::chrono::seconds{patience}.count(), 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit,
               sizeof limit);
  return socket;
}

template <class Response>
received_answer to_answer(const Response& response) {
  received_answer result;
  result.status = response.result_int();
  for (auto& field : response)
    result.headers.emplace_back(field.name_string(), field.value());
  return result;
}

} // namespace

std::string received_answer::operator[](const std::string& name) const {
  for (auto& [key, value] : headers)
    if (beast::iequals(key, name))
      return value;
  return {};
}

received_answer http_get(std::uint16_t port, const std::string& target,
                         const header_list& headers) {
  asio::io_context context;
  auto socket = connect(context, port);
  http::request<http::empty_body> request{http::verb::get, target, 11};
  request.set(http::field::host, "relay.example");
  request.keep_alive(false);
  for (auto& [name, value] : headers)
    request.set(name, value);
  http::write(socket, request);
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(socket, buffer, response);
  auto result = to_answer(response);
  result.body = response.body();
  return result;
}

struct ws_client::impl {
  explicit impl(std::uint16_t port) : stream{connect(context, port)} {}

  asio::io_context context;
  websocket::stream<tcp::socket> stream;
  beast::flat_buffer buffer;
};

ws_client::ws_client(std::uint16_t port, const std::string& target,
                     const header_list& headers)
    : impl_{std::make_unique<impl>(port)} {
  impl_->stream.set_option(websocket::stream_base::decorator(
      [&headers](websocket::request_type& request) {
        for (auto& [name, value] : headers)
          request.set(name, value);
      }));
  websocket::response_type response;
  error_code ec;
  impl_->stream.handshake(response, "relay.example", target, ec);
  answer_ = to_answer(response);
  answer_.body = response.body();
  REQUIRE((!ec || ec == websocket::error::upgrade_declined));
}

ws_client::ws_client(ws_client&&) noexcept = default;

ws_client::~ws_client() = default;

void ws_client::send(const std::string& text) {
  impl_->stream.text(true);
  impl_->stream.write(asio::buffer(text));
}

std::string ws_client::receive() {
  impl_->buffer.clear();
  impl_->stream.read(impl_->buffer);
  return beast::buffers_to_string(impl_->buffer.data());
}

void ws_client::close(std::uint16_t code) {
  error_code ec;
  impl_->stream.close(websocket::close_reason{code}, ec);
}

std::uint16_t ws_client::wait_for_close() {
  error_code ec;
  while (!ec) {
    impl_->buffer.clear();
    impl_->stream.read(impl_->buffer, ec);
  }
  return ec == websocket::error::closed ? impl_->stream.reason().code : 1006;
}

} // namespace wsrelay::test
