// Reads one HTTP/1.1 message. Beast parses the header, the framing of the body
// and the chunks; it is only given whole lines, so that it never asks for more
// without a bound. For the readers of requests and of responses, in their .cpp
// files alone.
#pragma once

#include "net/http/beast_message.hpp"
#include "net/http/line_reader.hpp"

#include <algorithm>
#include <optional>

namespace wsrelay {

/// Why a message could not be read.
enum class message_error {
  malformed,    // it is no HTTP/1.1
  version,      // it is another HTTP than 1.x
  coding,       // a transfer coding that is not known
  line_size,    // the first line is too large
  header_size,  // the first line and the fields are too large
  field_count,  // there are too many fields
  body_size,    // the body is too large
  chunk_size,   // chunk extensions are too large
  trailer_size, // trailer fields are too large
};

/// Returns what is wrong with the transfer codings of a header: only "chunked"
/// alone is known (RFC 9112 sections 6.1 and 7).
std::optional<message_error> check_coding(const message_head& head);

/// Checks the version in a message's first line, and turns it into one that
/// Beast reads: a later 1.x is read as 1.1 (RFC 9110 section 2.5).
std::optional<message_error> adapt_version(std::string& line, bool is_request);

/// Returns whether a line of a trailer, with its end, is a field.
bool is_field_line(std::string_view line);

/// One message: bytes in, events out. May throw what memory throws.
template <bool is_request>
class message_parser {
public:
  using event = reader_event;

  explicit message_parser(const reader_limits& limits)
      : header_size_{limits.header_size},
        extra_left_{limits.header_size},
        message_{limits} {}

  /// The message has no body, whatever its header says.
  void without_body() { message_.skip(true); }

  /// As `request_reader::next`.
  event next(std::string_view& bytes) {
    for (;;) {
      if (phase_ == phase::done || phase_ == phase::failed)
        return phase_ == phase::done ? event::done : event::failed;
      auto before = phase_;
      read(bytes);
      if (before == phase::fields && phase_ > phase::fields)
        return event::header;
      if (bytes.empty() && phase_ == before)
        return event::none;
    }
  }

  /// The peer sends no more. Returns whether the message is complete: its body
  /// may go on until the end.
  bool finish() {
    if (phase_ == phase::body && message_.need_eof())
      phase_ = phase::done;
    return phase_ == phase::done;
  }

  /// @pre `next` has said `failed`.
  message_error error() const noexcept { return error_; }

  // From `header` on.
  message_head& head() noexcept { return message_.head; }
  const message_head& head() const noexcept { return message_.head; }
  std::optional<std::uint64_t> length() const {
    auto length = message_.content_length();
    return length ? std::optional{*length} : std::nullopt;
  }
  bool is_chunked() const { return message_.chunked(); }
  bool has_body() const noexcept { return phase_ != phase::done; }
  /// Returns whether another message may follow, by its header.
  bool keep_alive() const {
    return message_.head.version > 10 && message_.keep_alive();
  }

  /// After `done`.
  shared_buffer take_body() { return message_.body.finish(); }

private:
  using error_code = boost::beast::error_code;
  using beast_error = boost::beast::http::error;
  using status = line_reader::status;

  enum class phase {
    failed,
    first_line,
    fields,
    body,
    chunk_head,
    chunk,
    trailer,
    done
  };

  // A chunk's size takes that much of its first line: the end of the chunk
  // before, 16 digits, the end of the line. It is not counted.
  static constexpr std::size_t plain_chunk_head = 2 + 16 + 2;

  void read(std::string_view& bytes) {
    switch (phase_) {
      case phase::first_line:
        return read_first_line(bytes);
      case phase::fields:
        return read_fields(bytes);
      case phase::body:
        return read_body(bytes);
      case phase::chunk_head:
        return read_chunk_head(bytes);
      case phase::chunk:
        return read_chunk(bytes);
      case phase::trailer:
        return read_trailer(bytes);
      case phase::done:
      case phase::failed:
        return;
    }
  }

  void fail(message_error error) {
    error_ = error;
    phase_ = phase::failed;
    lines_.release();
    message_.body.clear();
  }

  void fail(const error_code& ec) {
    if (ec == beast_error::body_limit)
      return fail(message_error::body_size);
    if (ec == beast_error::header_limit)
      return fail(message_error::field_count);
    fail(message_error::malformed);
  }

  // Returns whether a line is complete.
  bool read_line(std::string_view& bytes, std::size_t limit,
                 message_error too_large) {
    line_ = lines_.next(bytes, limit);
    if (line_ == status::malformed)
      fail(message_error::malformed);
    if (line_ == status::too_large)
      fail(too_large);
    return line_ == status::line || line_ == status::empty;
  }

  // Whatever speaks another protocol hears of it here, and not when it has sent
  // an empty line.
  void read_first_line(std::string_view& bytes) {
    if (!read_line(bytes, header_size_, message_error::line_size))
      return;
    if (auto wrong = adapt_version(lines_.text(), is_request))
      return fail(*wrong);
    phase_ = phase::fields;
  }

  void read_fields(std::string_view& bytes) {
    do {
      if (!read_line(bytes, header_size_, message_error::header_size))
        return;
    } while (line_ == status::line);
    if (auto ec = message_.put_all(lines_.text()))
      return fail(ec);
    // Where there is no body its coding does not matter; of a request Beast
    // believes that when it does not know the coding.
    if (is_request || !message_.is_done())
      if (auto wrong = check_coding(message_.head))
        return fail(*wrong);
    lines_.release();
    if (message_.is_done())
      phase_ = phase::done;
    else
      phase_ = message_.chunked() ? phase::chunk_head : phase::body;
  }

  void read_body(std::string_view& bytes) {
    put(bytes);
    if (phase_ == phase::body && message_.is_done())
      phase_ = phase::done;
  }

  void put(std::string_view& bytes) {
    if (bytes.empty())
      return;
    error_code ec;
    bytes.remove_prefix(message_.put({bytes.data(), bytes.size()}, ec));
    if (ec)
      fail(ec);
  }

  void read_chunk_head(std::string_view& bytes) {
    auto limit = plain_chunk_head + extra_left_;
    auto& text = lines_.text();
    do {
      if (!read_line(bytes, limit, message_error::chunk_size))
        return;
      // The line end behind the chunk before.
    } while (line_ == status::empty && has_chunk_ && text.size() == 2);
    extra_left_ -= text.size() - std::min(text.size(), plain_chunk_head);
    auto ec = message_.put_all(text);
    if (ec == beast_error::need_more) {
      // The last chunk, whose trailer is not for Beast: it would be merged
      // with the header (RFC 9110 section 6.5.1).
      text += "\r\n";
      ec = message_.put_all(text);
    }
    if (ec)
      return fail(ec);
    lines_.clear();
    phase_ = message_.is_done() ? phase::trailer : phase::chunk;
  }

  void read_chunk(std::string_view& bytes) {
    has_chunk_ = true;
    put(bytes);
    if (phase_ == phase::chunk && message_.chunk_left == 0)
      phase_ = phase::chunk_head;
  }

  // Every field is dropped. The empty line at the end is not counted.
  void read_trailer(std::string_view& bytes) {
    if (!read_line(bytes, extra_left_ + 2, message_error::trailer_size))
      return;
    auto& text = lines_.text();
    if (line_ == status::empty) {
      lines_.release();
      phase_ = phase::done;
    } else if (text.size() > extra_left_) {
      fail(message_error::trailer_size);
    } else if (!is_field_line(text)) {
      fail(message_error::malformed);
    } else {
      extra_left_ -= text.size();
      lines_.clear();
    }
  }

  std::size_t header_size_;
  std::size_t extra_left_; // bytes of chunk extensions and trailer
  phase phase_ = phase::first_line;
  message_error error_ = message_error::malformed;
  line_reader lines_;
  status line_ = status::more; // what was read last
  bool has_chunk_ = false;     // the header of another one may come
  beast_message<is_request> message_;
};

} // namespace wsrelay
