// The seam between a socket and the session that speaks a protocol on it. A
// `stream_socket` in programs, memory in tests. Back-pressure both ways:
// nothing is read that nobody wants, nothing is sent that is not taken.
#pragma once

#include "net/loop/output_queue.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace wsrelay {

struct client_certificate;

/// What a stream tells its session.
class stream_events {
public:
  /// The other side has sent something, which is about to be read. Whoever
  /// wants none of it says so now.
  virtual void before_input() {}

  /// Bytes came. Returns how many were used; the rest comes again, before
  /// anything new, when input is wanted.
  virtual std::size_t on_input(std::string_view bytes) = 0;

  /// With TLS: the handshake is done. What came behind it follows.
  virtual void on_secured() {}

  /// With TLS: the handshake failed, for a reason in OpenSSL's words; `on_end`
  /// follows.
  virtual void on_insecure(std::string_view) {}

  /// With TLS: what came first is no TLS but text, of HTTP, say. What came is
  /// gone, and from now on the stream has none.
  virtual void on_plain_text() {}

  /// The other side closed its direction, or the connection broke.
  virtual void on_end() = 0;

  /// The other side is known to have closed its direction, or to be gone, while
  /// no input is wanted. Told once.
  virtual void on_hang_up() {}

  /// The kernel took output, or the socket broke and all output is gone.
  virtual void on_sent() = 0;

  /// The node drops its sockets.
  virtual void on_abort() = 0;

  /// Follows `close`: nothing else comes, the stream may be destroyed.
  virtual void on_released() = 0;

  /// Returns whether nobody waits for anything but a next request: such a
  /// socket is dropped as soon as the node stops.
  virtual bool is_idle() const { return false; }

protected:
  ~stream_events() = default;
};

/// Open until `close`. Loop thread only. Nothing here calls the session before
/// it returns.
class byte_stream {
public:
  virtual ~byte_stream() = default;

  /// Sets who is told from now on. A stream starts with nobody, and reads
  /// nothing before there is somebody.
  virtual void attach(stream_events& events) = 0;

  /// Begins or stops to read. A stream starts without.
  virtual void want_input(bool wanted) = 0;

  /// Whether others are read first, in each turn of the loop, and this one in
  /// small portions. A stream starts without.
  virtual void give_way(bool) {}

  /// Adds to the output, which goes out at the end of the turn; `on_sent`
  /// follows.
  virtual void send(output_piece piece) = 0;

  /// Sends what the kernel takes of the output now, for who closes next; nobody
  /// is told.
  virtual void send_now() = 0;

  /// Returns what was sent and not yet taken.
  virtual output_queue& output() noexcept = 0;

  /// Returns whether sending failed; the end is still to be read.
  virtual bool is_broken() const noexcept = 0;

  /// Returns whether something came that was not yet used.
  virtual bool has_input() const noexcept = 0;

  /// Returns what came and was not yet used, 64 KiB of it at most.
  virtual std::string peek_input() const = 0;

  /// Returns how many bytes of output the kernel has taken and the other side
  /// has not acknowledged; 0 when nobody knows.
  virtual std::size_t unacknowledged() const noexcept = 0;

  /// Sends a FIN when all output is sent. Nothing may be added after it.
  virtual void end_output() = 0;

  /// Closes at once and forgets everything; `on_released` follows.
  virtual void close() = 0;

  /// The same, and what the other side has not taken goes with it: after a
  /// `close` the kernel would keep it for as long as the other side lives.
  virtual void cut_off() = 0;

  /// With TLS: returns the certificate that the other side has proved; null
  /// when it has shown none.
  virtual std::shared_ptr<const client_certificate> certificate() const {
    return nullptr;
  }

  /// Returns the socket's descriptor, to ask the kernel about it; -1 when there
  /// is none.
  virtual int descriptor() const noexcept = 0;
};

/// Returns how many bytes the other side has acknowledged in all. Those that
/// nobody knows about count.
inline std::uint64_t acknowledged(byte_stream& stream) noexcept {
  auto taken = stream.output().bytes_taken();
  return taken - std::min<std::uint64_t>(taken, stream.unacknowledged());
}

} // namespace wsrelay
