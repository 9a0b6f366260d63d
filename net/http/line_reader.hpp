// Collects the lines of a message that a peer may send in any pieces, and looks
// at each byte once: what no line of HTTP holds is refused as soon as it comes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wsrelay {

/// One line after the other; their text stays until it is cleared.
class line_reader {
public:
  enum class status {
    more,      // everything was used, the line goes on
    line,      // a line is complete
    empty,     // a line is complete, and nothing but its end
    malformed, // a control character, half a line end, a line that goes on
               // from the one before (RFC 9112 sections 2.2 and 5.2)
    too_large, // the text would have more bytes than it may
  };

  /// Reads to the end of the next line and removes from `bytes` what was used.
  /// Text and line ends together have at most `limit` bytes. After `malformed`
  /// and `too_large` it can only be cleared.
  status next(std::string_view& bytes, std::size_t limit);

  /// Returns all lines since the last clear, with their ends.
  std::string& text() noexcept { return text_; }

  /// Forgets the text, but keeps its memory.
  void clear() noexcept;

  /// Forgets the text and its memory.
  void release() noexcept;

private:
  bool is_valid_from(std::size_t first) const noexcept;

  std::string text_;
  std::size_t line_ = 0; // where the present one begins
};

} // namespace wsrelay
