// Whole messages, compressed and not: RFC 7692 section 7.2, with zlib. Who
// compresses, which messages, and what follows a failure is decided elsewhere;
// what both sides agreed on is protocol/deflate_offer.hpp.
#pragma once

#include "protocol/shared_buffer.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

struct z_stream_s; // of zlib.h

namespace wsrelay {

/// Compresses messages. Without takeover each message stands for itself, so
/// one object serves all connections of a thread whose window is not smaller;
/// with takeover it belongs to one connection. Used by one thread at a time.
class message_deflater {
public:
  /// `level` is 1 (fast) to 9 (small), `window_bits` 9 to 15. Holds about
  /// 2^(`window_bits` + 2) + 128 Ki bytes. Throws `std::bad_alloc` without
  /// memory, `std::invalid_argument` for what is out of range.
  message_deflater(int level, int window_bits, bool takeover);

  /// Returns the payload of one message, exactly as large as its memory. Never
  /// empty: an empty message is one byte. Needs for the time being as much
  /// memory as the message and a little more. Throws `std::bad_alloc` without
  /// memory: with takeover the client could not follow any more, so the
  /// connection has to end.
  shared_buffer deflate(std::string_view message);

private:
  struct ender {
    void operator()(z_stream_s* stream) const noexcept;
  };

  // zlib's state refers to its stream, which hence must not move.
  std::unique_ptr<z_stream_s, ender> stream_;
  bool takeover_;
};

/// Decompresses messages. As with `message_deflater`, one object without
/// takeover serves all connections of a thread: 15 bits inflate what any window
/// deflated, and no message sees another one's bytes.
class message_inflater {
public:
  enum class outcome {
    ok,
    too_big,   // more than the limit: close code 1009
    malformed, // wrong or incomplete: close code 1007
    costly,    // more blocks than its text is worth: close code 1008
  };

  /// A block may be empty, and its tables take a microsecond: so many pass, and
  /// one more for each of so many bytes of text. Whoever compresses messages
  /// makes one or two, one more for each flush.
  static constexpr std::size_t free_blocks = 256;
  static constexpr std::size_t text_per_block = 256;

  /// `window_bits` is 8 to 15. Holds about 2^`window_bits` + 10 Ki bytes.
  /// Throws as `message_deflater` does.
  message_inflater(int window_bits, bool takeover, std::size_t max_message);

  /// Appends the message to `out`, at most `max_message` bytes; growing, `out`
  /// never holds memory for more than that (but for what it held before). The
  /// time is linear in both sizes. After another outcome than `ok`, `out` is
  /// empty, and with takeover the connection has to end. Throws
  /// `std::bad_alloc` without memory.
  outcome inflate(std::string_view compressed, buffer_builder& out);

private:
  struct ender {
    void operator()(z_stream_s* stream) const noexcept;
  };

  outcome run(std::string_view compressed, buffer_builder& out);
  outcome feed(std::string_view bytes, buffer_builder& out);
  outcome step(char* chunk, std::size_t size, buffer_builder& out);
  void append(std::string_view bytes, bool more, buffer_builder& out);
  void note_block() noexcept;
  bool is_costly() const noexcept;

  std::unique_ptr<z_stream_s, ender> stream_;
  bool takeover_;
  std::size_t max_message_;
  std::size_t left_ = 0;   // of the limit, for this message
  std::size_t blocks_ = 0; // of this message
  bool finished_ = false;  // the last bytes were the end of a final block
  bool stalled_ = false;   // nothing happens without more bytes
  bool between_ = false;   // a block has ended, at the end of a byte
};

} // namespace wsrelay
