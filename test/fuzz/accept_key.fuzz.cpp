// The answer to the opening handshake: a line of key, then fields. Beast reads
// the response back with these fields and no others, and makes the same key.
#include "net/ws/handshake.hpp"

#include "test/fuzz/http_lines.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/websocket/detail/hybi13.hpp>

using namespace wsrelay;
using fuzz::expect;

namespace {

namespace beast = boost::beast;
namespace http = beast::http;

std::string beast_key(std::string_view key) {
  beast::websocket::detail::sec_ws_accept_type out;
  beast::websocket::detail::make_sec_ws_accept(out, {key.data(), key.size()});
  return {out.data(), out.size()};
}

// What the node puts into a response: only what is safe, and nothing that is
// the handshake's.
http_fields safe_fields(const http_fields& fields) {
  auto out = fields;
  erase_hop_by_hop(out);
  std::erase_if(out, [](const auto& field) {
    return !is_safe_field(field.first, field.second)
           || same_field(field.first, "Content-Length");
  });
  return out;
}

void check_response(std::string_view key, const http_fields& fields) {
  auto text = make_switching_protocols(key, fields);
  http::response_parser<http::empty_body> parser;
  beast::error_code error;
  parser.header_limit(1 << 20);
  auto size = parser.put(boost::asio::buffer(text), error);
  expect(!error && size == text.size() && parser.is_header_done(),
         "the response is one header");
  const auto& response = parser.get();
  expect(response.result_int() == 101, "the status");
  expect(response["Sec-WebSocket-Accept"] == beast_key(key), "the key");
  auto count = std::distance(response.begin(), response.end());
  expect(static_cast<std::size_t>(count) == fields.size() + 4,
         "four fields of its own and no more");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto key = in.line();
  auto fields = fuzz::take_fields(in);
  if (key.size() > beast::websocket::detail::sec_ws_key_type::static_capacity)
    return 0; // Beast's limit; ours lets 24 characters pass
  check_response(key, safe_fields(fields));
  return 0;
}
