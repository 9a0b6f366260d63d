// One WebSocket client on a non-blocking socket: connect, upgrade, frames,
// close. What is sent, and what a message means, is the workload's affair.
#pragma once

#include "tools/bench/frame_codec.hpp"
#include "tools/bench/transport.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

namespace wsrelay::bench {

class connection;

/// How a connection ended.
struct ending {
  enum class kind {
    clean,    // we closed, the server answered
    not_open, // no connection, or no 101
    closed,   // the server sent a close frame unasked
    lost,     // end of stream, reset, protocol error, timeout
  };
  ending::kind kind = ending::kind::clean;
  /// What happened, for people; with kind `closed`, `code` tells.
  std::string text;
  std::uint16_t code = 0;
};

/// Gets what an open connection reads. Called by `connection::on_ready`.
class message_sink {
public:
  virtual ~message_sink() = default;
  /// A piece of a message's payload, the message's bytes from `offset` on.
  virtual void on_data(connection& from, std::uint64_t offset,
                       std::string_view data) = 0;
  /// The message is complete, `size` bytes.
  virtual void on_message(connection& from, std::uint64_t size) = 0;
  /// All that was there has been read, or output is possible again: time to
  /// send, all in one call.
  virtual void on_turn(connection& from) = 0;
};

/// Gets what happens to the connection itself. After a clean ending the
/// connection may be started again in `on_ended`.
class connection_owner {
public:
  virtual ~connection_owner() = default;
  virtual void on_opened(connection& which) = 0;
  virtual void on_ended(connection& which, const ending& how) = 0;
};

/// What all connections of a run share.
struct connection_env {
  int epoll = -1;
  sockaddr_storage address{};
  socklen_t address_size = 0;
  /// With TLS: what it needs, and whom to ask for.
  std::shared_ptr<SSL_CTX> tls;
  std::string host;
  /// The upgrade request (RFC 6455 section 4.1).
  std::string request;
  /// One read goes here; no connection keeps any of it.
  std::vector<char> input;
  message_sink* sink = nullptr;
  connection_owner* owner = nullptr;
  mask_keys keys;
  /// CLOCK_MONOTONIC in nanoseconds, as of the last read or wake-up.
  std::uint64_t now = 0;
};

/// Number `index` of a run. May be started again and again; not thread-safe.
class connection {
public:
  connection(connection_env& env, std::uint32_t index) noexcept
      : env_{&env}, index_{index} {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();

  std::uint32_t index() const noexcept { return index_; }
  bool is_open() const noexcept { return phase_ == phase::open; }
  bool is_ended() const noexcept { return phase_ == phase::ended; }
  /// Whether output waits for the kernel to take it.
  bool is_blocked() const noexcept { return !pending_.empty(); }
  /// When it was last started, in nanoseconds.
  std::uint64_t started() const noexcept { return started_; }

  /// Begins to connect. @pre `is_ended()`
  void start();

  /// Handles what epoll reported.
  void on_ready(std::uint32_t events);

  /// Sends whole frames; what the kernel does not take is kept and sent later.
  void send(std::string_view frames);

  /// Begins the close handshake with 1000. An unopened connection ends at once.
  void close();

  /// Ends a connection that has been opening or closing for too long.
  void expire(std::uint64_t longest);

  /// Ends at once whatever is under way.
  void abort(std::string text);

private:
  enum class phase : std::uint8_t {
    ended,
    connecting,
    securing,
    upgrading,
    open,
    closing
  };

  void on_connected();
  void secure();
  void read();
  void on_input(std::string_view input);
  void on_response(std::string_view input);
  void on_frames(std::string_view input);
  void on_control(const frame_part& part);
  void on_close_frame();
  void on_no_input(int error);
  void send_control(opcode op, std::string_view payload);
  void flush();
  void drop_pending() noexcept;
  void enter(phase next) noexcept;
  void end(enum ending::kind kind, std::string text, std::uint16_t code = 0);

  connection_env* env_;
  std::uint32_t index_;
  int fd_ = -1;
  transport transport_;
  phase phase_ = phase::ended;
  bool close_received_ = false;
  frame_decoder decoder_;
  std::uint64_t message_size_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t since_ = 0;
  // The response before the upgrade, a control frame's payload after it.
  std::string held_;
  // Output the kernel did not take yet, and how much of it it took since.
  std::string pending_;
  std::size_t pending_sent_ = 0;
};

} // namespace wsrelay::bench
