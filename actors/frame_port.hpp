// The seam between a connection actor and its socket. The actor knows no Beast,
// the socket no actor. Everything here happens on one thread: the connection's
// loop, or the thread of a test.
#pragma once

#include "actors/messages.hpp"
#include "protocol/shared_buffer.hpp"

#include <caf/actor_clock.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace wsrelay {

enum class end_cause : std::uint8_t;

/// The clock of timers: CAF's, so that tests can simulate both as one.
using time_point = caf::actor_clock::time_point;

/// Bytes of memory that a queued message takes beside its payload: its place in
/// a queue that grows by doubling, and the payload's block.
inline constexpr std::size_t queued_message_cost = 128;

/// What a socket tells its connection.
class frame_sink {
public:
  /// The client has sent something, which is about to be read. Who wants none
  /// of it pauses the port now.
  virtual void before_input() = 0;

  /// One whole message came from the client. Never called while paused.
  virtual void on_frame(message_type type, shared_buffer data) = 0;

  /// Nothing more comes from the client: it closed (`code` and `text` are its
  /// own, the code is `no_status` where there was none), broke the protocol, or
  /// ended its half without a word. What is written still goes out, until
  /// `close`, which is awaited; then `on_closed` follows.
  virtual void on_end(end_cause cause, std::uint16_t code,
                      std::string_view text) = 0;

  /// The client has closed, or ended its half, behind input that is not read
  /// while the port is paused. May be told again.
  virtual void on_hang_up() = 0;

  /// The kernel has taken every message up to the `count`-th that was written.
  /// Only told when `write` or `ask_drained` asked for it.
  virtual void on_drained(std::uint64_t count) = 0;

  /// The socket is done; nothing else comes. `cause` is why, unless the end of
  /// the client or a close of the connection came before.
  virtual void on_closed(end_cause cause) = 0;

  /// The time given to `wake_at` has come.
  virtual void on_wake() = 0;

protected:
  ~frame_sink() = default;
};

/// What a connection asks of its socket. Nothing here blocks, and nothing calls
/// the sink before it returns.
class frame_port {
public:
  virtual ~frame_port() = default;

  /// Sets who is told, and returns whether the socket is still there; nothing
  /// is ever told when it is not. Null detaches: the socket then closes on its
  /// own, with the pending close frame if there is one.
  virtual bool attach(frame_sink* sink) = 0;

  /// Queues one message. With `notify`, `on_drained` follows. Returns how many
  /// messages were written in all, this one included.
  virtual std::uint64_t write(message_type type, const shared_buffer& data,
                              bool notify) = 0;

  /// Has `on_drained` told of the last message that was written.
  /// @pre `queued_messages` is not 0
  virtual void ask_drained() = 0;

  /// Returns the bytes of messages that were written and not yet taken by the
  /// kernel.
  virtual std::size_t queued_bytes() const = 0;

  /// Returns how many messages that is.
  virtual std::size_t queued_messages() const = 0;

  /// Returns the memory that it takes: bytes, and `queued_message_cost` each.
  virtual std::size_t queued_cost() const = 0;

  /// Sends what is queued, then a close frame, waits for the client's unless it
  /// has come (bounded by the close timeout) and calls `on_closed`. Only the
  /// first call counts. With code 1005 or 1006 no close frame is sent, unless
  /// it answers the client's end.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;

  /// Begins, stops and continues reading. A port starts paused.
  virtual void resume() = 0;
  virtual void pause() = 0;

  /// Returns the time now.
  virtual time_point now() const = 0;

  /// Calls `on_wake` once at `when` or shortly after; replaces the time set
  /// before. `time_point::max()` cancels.
  virtual void wake_at(time_point when) = 0;
};

using frame_port_ptr = std::shared_ptr<frame_port>;

} // namespace wsrelay
