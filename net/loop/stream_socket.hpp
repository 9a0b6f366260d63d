// The TCP socket of a WebSocket: large reads into the loop's memory, output
// that is gathered and sent once per turn. Back-pressure both ways: nothing is
// read that nobody wants, nothing is sent that the kernel does not take.
#pragma once

#include "net/loop/loop.hpp"
#include "net/loop/output_queue.hpp"
#include "net/loop/socket_ticket.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace wsrelay {

/// What a socket tells its session.
class stream_events {
public:
  /// Bytes came. Returns how many were used; the rest comes again, before
  /// anything new, when input is wanted.
  virtual std::size_t on_input(std::string_view bytes) = 0;

  /// The client closed its side, or the connection broke.
  virtual void on_end() = 0;

  /// The kernel took output, or the socket broke and all output is gone.
  virtual void on_sent() = 0;

  /// The node drops its sockets.
  virtual void on_abort() = 0;

  /// Follows `close`: nothing else comes, the socket may be destroyed.
  virtual void on_released() = 0;

protected:
  ~stream_events() = default;
};

/// An open socket until `close`. Loop thread only.
class stream_socket final : public pollable,
                            public loop_task,
                            public open_socket {
public:
  /// Takes a connected, non-blocking descriptor over, with bytes that were
  /// read from it already.
  stream_socket(loop& home, int descriptor, std::string read_ahead,
                socket_ticket ticket, stream_events& events);
  ~stream_socket();

  stream_socket(const stream_socket&) = delete;
  stream_socket& operator=(const stream_socket&) = delete;

  loop& home() const noexcept { return home_; }
  int descriptor() const noexcept { return descriptor_; }

  /// Begins or stops to read.
  void want_input(bool wanted);

  /// Adds to the output, which goes out at the end of the turn.
  void send(output_piece piece);

  /// Returns whether sending failed; the end is still to be read.
  bool is_broken() const noexcept { return broken_; }

  output_queue& output() noexcept { return output_; }
  const output_queue& output() const noexcept { return output_; }

  /// Sends a FIN when all output is sent. Nothing may be added after it.
  void end_output();

  /// Closes the descriptor at once and forgets everything.
  void close();

  // called by the loop
  void on_ready(readiness what) override;
  void flush() override;
  void go_on() override;
  void abort() override { events_.on_abort(); }
  bool is_idle() const override { return false; }

private:
  bool is_open() const noexcept { return descriptor_ >= 0; }
  void mark_dirty();
  void put_off();
  void read();
  void feed(std::string_view bytes);

  loop& home_;
  stream_events& events_;
  int descriptor_;
  bool wanted_ = false;
  bool readable_ = false; // there may be more to read
  bool hung_up_ = false;  // there is an end to read
  bool dirty_ = false;    // in the loop's list of those to flush
  bool put_off_ = false;  // in the loop's list of those that go on
  bool blocked_ = false;  // the kernel takes nothing
  bool ending_ = false;   // a FIN follows the output
  bool broken_ = false;
  socket_ticket ticket_;
  output_queue output_;
  std::string held_; // input that nobody wanted yet
};

} // namespace wsrelay
