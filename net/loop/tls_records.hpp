// TLS between a stream_socket and its descriptor: one read, however many
// records came, and one send for all the output of a turn.
#pragma once

#include "net/loop/output_queue.hpp"
#include "net/loop/tls_engine.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay {

/// The server's side of a connection. At rest it holds no buffers. Loop thread
/// only.
class tls_records final : private record_port {
public:
  enum class state : std::uint8_t {
    proving, // the handshake is under way
    open,
    ended,      // the other side said that nothing follows
    failed,     // what came is no TLS, or not as agreed
    plain_text, // what came first is text: HTTP, say
  };

  /// Bytes of text that are sealed before they are sent: while a client takes
  /// nothing, so many are in memory twice.
  static constexpr std::size_t portion = 64 * 1024;

  /// Bytes that records other than the session's may take while the other side
  /// takes none of them. A handshake needs less, and with certificates that
  /// take more it never ends.
  static constexpr std::size_t max_own_output = 64 * 1024;

  /// Throws `std::bad_alloc`.
  explicit tls_records(SSL_CTX* context) : engine_{context, *this} {}

  /// Takes what came, at most `loop::scratch_size` bytes, and returns the text
  /// in it, which stays until the next call on this thread.
  std::string_view open(std::string_view bytes);

  state now() const noexcept { return state_; }
  bool is_over() const noexcept { return state_ >= state::ended; }

  /// Returns why it failed.
  const std::string& reason() const noexcept { return reason_; }

  /// Returns whether there are records to send.
  bool has_output() const noexcept { return first_ < sealed_.size(); }

  /// Sends records as `output_queue::send_to` sends bytes; what the kernel has
  /// taken of the text is taken from the queue. With `is_last` the farewell
  /// (close_notify) goes behind it.
  output_queue::outcome send(output_queue& text, int socket, bool is_last);

  /// Says that nothing follows, unless that waits for the kernel. Nobody is
  /// told whether it was sent.
  void say_farewell(int socket);

private:
  // record_port
  std::size_t read_records(char* into, std::size_t size) override;
  std::size_t write_records(const char* from, std::size_t size) override;

  void prove();
  std::string_view read();
  void fail(const boost::system::error_code& ec);
  std::size_t seal(const output_queue& text, std::size_t limit);
  bool seal(std::string_view text);
  void add_farewell();
  output_queue::outcome push(int socket);

  tls_engine engine_;
  std::string_view input_; // that has come and is not yet read
  std::string sealed_;     // records on their way
  std::size_t first_ = 0;  // of them, that the kernel has not taken
  std::size_t own_ = 0;    // bytes of them that are nobody's text
  std::size_t text_ = 0;   // bytes of the queue that are among them
  std::string reason_;
  state state_ = state::proving;
  bool has_begun_ = false;
  bool said_farewell_ = false;
};

} // namespace wsrelay
