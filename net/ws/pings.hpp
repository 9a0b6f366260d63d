// Pings and pongs behind output that a client may not read: few wait.
#pragma once

#include "net/loop/byte_stream.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace wsrelay {

/// The pings of one WebSocket, both ways. Loop thread only.
class pings {
public:
  /// Pieces of output behind which a pong waits, so that a client that sends
  /// pings and reads nothing fills no memory.
  static constexpr std::size_t max_waiting_pieces = 64;

  /// Answers the client's ping. Only the last one of several needs an answer
  /// (RFC 6455 section 5.5.3): behind output that is not read one waits.
  void answer(byte_stream& stream, shared_buffer payload) {
    owed_.reset();
    if (stream.output().size() < max_waiting_pieces)
      return send(stream, opcode::pong, std::move(payload));
    owed_ = std::make_unique<shared_buffer>(std::move(payload));
  }

  /// The kernel took output: what waits may go.
  void on_sent(byte_stream& stream) {
    if (owed_ && stream.output().size() < max_waiting_pieces)
      settle(stream);
  }

  /// What waits goes before anything else.
  void settle(byte_stream& stream) {
    if (auto owed = std::exchange(owed_, nullptr))
      send(stream, opcode::pong, std::move(*owed));
  }

  /// Pings the client, unless a ping waits behind output already.
  void ask(byte_stream& stream) {
    if (stream.output().all_gone() < last_)
      return;
    send(stream, opcode::ping, {});
    last_ = stream.output().all_pushed();
  }

private:
  static void send(byte_stream& stream, opcode op, shared_buffer payload) {
    stream.send({std::move(payload), op, false});
  }

  std::unique_ptr<shared_buffer> owed_; // the pong that waits
  std::uint64_t last_ = 0;              // number of the last ping's piece
};

} // namespace wsrelay
