// A socket whose reads and writes complete later, plain or with TLS: for
// protocols that ask for bytes, as those of other nodes and upstreams do. A
// client's socket is a `stream_socket`.
#pragma once

#include "net/loop/loop.hpp"
#include "net/loop/tls_engine.hpp"
#include "net/loop/unique_fd.hpp"

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <sys/socket.h>

namespace wsrelay {

/// Open until `close`. Each operation completes once, on the loop, and never
/// inside of a call: with `operation_aborted` after `close`. One of a kind may
/// be under way. Made on any thread, used and destroyed on the loop's once it
/// was used. What a completion holds lives until it was called.
class async_stream final : public pollable,
                           public loop_task,
                           public open_socket,
                           public std::enable_shared_from_this<async_stream>,
                           private record_port {
public:
  using error_code = boost::system::error_code;
  using done_function = std::function<void(error_code)>;
  using completion = std::function<void(error_code, std::size_t)>;
  /// Two, so that a head goes out with its body.
  using output = std::array<boost::asio::const_buffer, 2>;

  /// Takes a non-blocking socket over, connected or not.
  async_stream(loop& home, unique_fd socket);
  ~async_stream();

  /// From now on all is read and written through TLS.
  /// @pre Nothing is under way. The context outlives the stream.
  void use_tls(SSL_CTX* context);

  void connect(const sockaddr* to, socklen_t size, done_function done);
  void handshake(tls_engine::role mine, done_function done);

  /// Reads what is there, at least one byte. At the end `eof`; with TLS
  /// `stream_truncated` where the other side did not say that it ends.
  void read_some(boost::asio::mutable_buffer into, completion done);

  /// Writes all of it, which stays where it is until then. What can leave at
  /// once does.
  void write(output from, completion done);

  /// Waits until little of what was written is still to be sent. As a write.
  void await_room(done_function done);

  /// Sends a FIN, without a farewell of TLS.
  void end_output();

  void close();

  bool is_open() const noexcept { return static_cast<bool>(socket_); }
  int descriptor() const noexcept { return socket_.get(); }

  /// Returns null without TLS.
  SSL* tls() const noexcept { return tls_ ? tls_->handle() : nullptr; }

  /// Return how many bytes the kernel has given and taken, with TLS those of
  /// its records.
  std::uint64_t received() const noexcept { return received_; }
  std::uint64_t sent() const noexcept { return sent_; }

  /// Returns whether something has come that nobody has read yet.
  bool has_unread() const noexcept;

  /// Returns how many of those that were sent the other side has not taken.
  std::uint64_t unacknowledged() const noexcept;

  // called by the loop
  void on_ready(readiness what) override;
  void flush() override {}
  void go_on() override;
  void abort() override { close(); }
  bool is_idle() const override { return false; }

private:
  struct connecting {
    done_function done;
    error_code ec; // of the attempt to begin
  };
  struct proving {
    tls_engine::role mine;
    done_function done;
  };
  struct reading {
    boost::asio::mutable_buffer into;
    completion done;
  };
  struct writing {
    output from;
    completion done;
    std::size_t count = 0; // bytes that have left
    error_code ec;
  };
  struct awaiting {
    done_function done;
  };

  // record_port
  std::size_t read_records(char* into, std::size_t size) override;
  std::size_t write_records(const char* from, std::size_t size) override;

  void watch();
  void put_off();
  void advance();
  void try_connecting();
  void try_proving();
  void try_writing();
  void try_room();
  void try_reading();
  void push_out();
  io_outcome send_some(const output& from);
  std::size_t send_parts(const output& from);
  bool is_connected(error_code& ec) const noexcept;
  bool may_read() const noexcept;
  void drop_all();

  loop& home_;
  unique_fd socket_;
  std::optional<tls_engine> tls_;
  connecting connecting_; // each of these is under way while it has a `done`
  proving proving_;
  reading reading_;
  writing writing_;
  awaiting room_;
  error_code end_;                  // nothing comes any more
  error_code broken_;               // nothing can leave any more
  std::size_t portion_ = 16 * 1024; // bytes of TLS that a read takes
  std::size_t may_take_ = 0;        // of it, in this attempt
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  bool watched_ = false;
  bool put_off_ = false; // in the loop's list of those that go on
  bool readable_ = true; // there may be more to read
  bool hung_up_ = false; // there is an end to read
  bool writable_ = true; // the kernel may take something
};

} // namespace wsrelay
