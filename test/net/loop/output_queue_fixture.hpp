// A queue whose kernel takes as little as it likes, and what has to arrive.
#pragma once

#include "test/net/loop/output_pieces.hpp"
#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

namespace wsrelay::test {

/// A queue, and a pair of sockets of which the kernel takes only a little.
struct output_queue_fixture {
  using outcome = output_queue::outcome;

  output_queue_fixture() {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    int small = 4096;
    ::setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    socket = plain_socket{pair[0]};
    peer = plain_socket{pair[1]};
  }

  static output_piece text(shared_buffer data, bool notify = false) {
    return {std::move(data), opcode::text, notify};
  }

  static output_piece binary(shared_buffer data) {
    return {std::move(data), opcode::binary, false};
  }

  void push(output_piece piece) {
    expected += to_wire(piece);
    queue.push(std::move(piece));
  }

  outcome send() { return queue.send_to(socket.descriptor()); }

  /// Reads what the queue says the kernel has.
  void receive_taken() {
    auto count = expected.size() - queue.bytes() - received.size();
    received += peer.receive_exactly(count);
  }

  /// Sends until everything has arrived.
  void deliver() {
    while (send() != outcome::sent)
      receive_taken();
    receive_taken();
  }

  plain_socket socket;
  plain_socket peer;
  spare_pieces spare;
  output_queue queue{spare};
  std::string expected; // everything that was pushed
  std::string received;

private:
  // What a piece is on the wire, made byte by byte (RFC 6455 section 5.2).
  static std::string to_wire(const output_piece& piece) {
    std::string data{piece.data.view()};
    if (!piece.op)
      return data;
    std::string result{static_cast<char>(0x80 | static_cast<int>(*piece.op))};
    auto length_size = data.size() < 126 ? 0 : data.size() < 65536 ? 2 : 8;
    result += static_cast<char>(length_size == 0   ? data.size()
                                : length_size == 2 ? 126
                                                   : 127);
    for (int i = length_size - 1; i >= 0; --i)
      result += static_cast<char>(data.size() >> 8 * i & 0xff);
    return result + data;
  }
};

} // namespace wsrelay::test
