// A WebSocket client that does nothing by itself: it reads when the test reads,
// and sends what the test sends, byte by byte if it likes.
#pragma once

#include "protocol/message_reader.hpp"
#include "test/net/support.hpp"
#include "test/protocol/client_frames.hpp"

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

namespace wsrelay::test {

/// Open after its construction. What takes too long is an end.
class raw_client {
public:
  /// `behind` leaves with the request, before its answer.
  raw_client(std::uint16_t port, const std::string& target,
             const std::string& behind = {})
      : socket_{plain_socket::connect_to(port, window)} {
    int on = 1; // what is sent is there, also behind something without an ACK
    ::setsockopt(socket_.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on,
                 sizeof on);
    socket_.send("GET " + target
                 + " HTTP/1.1\r\n"
                   "Host: relay.example\r\n"
                   "Upgrade: websocket\r\n"
                   "Connection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   "Sec-WebSocket-Version: 13\r\n\r\n"
                 + behind);
    auto answer = socket_.receive_until("\r\n\r\n");
    REQUIRE(answer.starts_with("HTTP/1.1 101 "));
  }

  plain_socket& socket() noexcept { return socket_; }

  void send(opcode op, std::string_view payload) {
    socket_.send(to_bytes({op, std::string{payload}}));
  }
  void send(std::string_view text) { send(opcode::text, text); }

  void send_close(std::uint16_t code) {
    send(opcode::close, make_close_payload(code, {}).view());
  }

  /// Sends a FIN; the other direction stays.
  void end_output() { ::shutdown(socket_.descriptor(), SHUT_WR); }

  /// Returns the next frame: "text hi", "pong x", "close 1000 bye", or "end".
  std::string receive() {
    auto bytes = socket_.receive_exactly(2);
    if (bytes.size() < 2)
      return "end";
    auto form = static_cast<unsigned char>(bytes[1]);
    bytes += socket_.receive_exactly(form < 126 ? 0 : form == 126 ? 2 : 8);
    auto header = read_frame_header(bytes);
    auto payload =
        socket_.receive_exactly(static_cast<std::size_t>(header.length));
    return payload.size() < header.length ? "end" : describe(header, payload);
  }

private:
  // Fixed: the kernel would hold more for a client that has read much.
  static constexpr int window = 64 * 1024;

  static std::string describe(const frame_header& header,
                              const std::string& payload) {
    if (header.masked || header.reserved || !header.fin || !header.minimal)
      return "no frame that the relay may send";
    switch (header.op) {
      case opcode::text:
        return "text " + payload;
      case opcode::binary:
        return "binary " + payload;
      case opcode::ping:
        return "ping " + payload;
      case opcode::pong:
        return "pong " + payload;
      case opcode::close:
        return describe_close(payload);
      default:
        return "no opcode";
    }
  }

  static std::string describe_close(const std::string& payload) {
    if (payload.empty())
      return "close";
    auto code = static_cast<unsigned>(close_frame_code(payload));
    return "close " + std::to_string(code) + " " + payload.substr(2);
  }

  plain_socket socket_;
};

} // namespace wsrelay::test
