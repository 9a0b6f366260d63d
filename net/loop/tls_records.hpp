// TLS between a stream_socket and its descriptor: one read, however many
// records came, and one send for all the output of a turn.
#pragma once

#include "net/loop/output_queue.hpp"
#include "net/loop/peer_certificate.hpp"
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

  /// What is agreed on anew within an open connection, new keys say, which is
  /// dear: so often at once, and once more for each of so many bytes of text.
  static constexpr std::size_t max_updates = 32;
  static constexpr std::size_t text_per_update = 1024 * 1024;

  /// Throws `std::bad_alloc`.
  explicit tls_records(SSL_CTX* context);

  /// Takes what came, at most `loop::scratch_size` bytes, and returns the text
  /// in it, which stays until the next call on this thread.
  std::string_view open(std::string_view bytes);

  /// Returns whether these bytes, the first ones, are a client's hello. One
  /// that has gone behind it is not worth an answer.
  bool is_first_hello(std::string_view bytes) const noexcept;

  state now() const noexcept { return state_; }
  bool is_over() const noexcept { return state_ >= state::ended; }

  /// Returns why it failed.
  const std::string& reason() const noexcept { return reason_; }

  /// Returns what the other side has proved; null when that is nothing.
  std::shared_ptr<const client_certificate> certificate() const {
    return certificate_of(engine_.handle());
  }

  /// Returns whether there are records to send.
  bool has_output() const noexcept { return first_ < sealed_.size(); }

  /// Sends records as `output_queue::send_to` sends bytes; what the kernel has
  /// taken of the text is taken from the queue. With `is_last` the farewell
  /// (close_notify) goes behind it.
  output_queue::outcome send(output_queue& text, int socket, bool is_last);

  /// The queue was cleared.
  void forget_text() noexcept { text_ = 0; }

  /// Says that nothing follows, unless that waits for the kernel. Nobody is
  /// told whether it was sent.
  void say_farewell(int socket);

private:
  static void on_message(int is_written, int version, int type,
                         const void* bytes, std::size_t size, SSL*, void* self);

  // record_port
  std::size_t read_records(char* into, std::size_t size) override;
  std::size_t write_records(const char* from, std::size_t size) override;

  void prove();
  std::string_view read();
  void fail(const boost::system::error_code& ec);
  void fail(const char* reason);
  std::size_t seal(const output_queue& text, std::size_t limit);
  bool seal(std::string_view text);
  output_queue::outcome clear(output_queue& text);
  void add_farewell();
  output_queue::outcome push(int socket);

  tls_engine engine_;
  std::string_view input_;    // that has come and is not yet read
  std::string sealed_;        // records on their way
  std::size_t first_ = 0;     // of them, that the kernel has not taken
  std::size_t own_ = 0;       // bytes of them that are nobody's text
  std::size_t text_ = 0;      // bytes of the queue that are among them
  std::uint64_t read_ = 0;    // bytes of text
  std::uint64_t updates_ = 0; // since it is open
  std::string reason_;
  state state_ = state::proving;
  bool has_begun_ = false;
  bool said_farewell_ = false;
};

} // namespace wsrelay
