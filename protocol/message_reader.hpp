// From a client's bytes to its messages: RFC 6455 sections 5 and 8.1, the
// server's side. Pure; who reads the bytes and answers is not known here.
#pragma once

#include "protocol/close_code.hpp"
#include "protocol/frame.hpp"
#include "protocol/shared_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wsrelay {

/// Takes a stream of frames apart, in pieces of any size. Holds memory only for
/// what is incomplete: at most about twice of what has come of a message.
class message_reader {
public:
  enum class event : std::uint8_t {
    none,    // the input is used up
    message, // `is_text` and `take` tell which
    ping,    // `take` is its payload
    pong,
    close,  // `take` is its payload: nothing, or a valid code and reason
    failed, // the client broke the protocol: close with `error`; final
  };

  /// `max_message` in bytes, over all fragments. With `may_deflate` messages
  /// may be compressed (RFC 7692), and a few bytes larger then.
  explicit message_reader(std::size_t max_message,
                          bool may_deflate = false) noexcept
      : max_message_{max_message}, may_deflate_{may_deflate} {}

  /// Removes bytes from the front of `input` up to the end of the next event.
  event next(std::string_view& input);

  /// Returns the payload of the last event. Once.
  shared_buffer take() noexcept;

  /// Returns whether the last message is text; it is valid UTF-8 then, unless
  /// it is deflated.
  bool is_text() const noexcept { return type_ == opcode::text; }

  /// Returns whether the last message is compressed: `take` gives it as it
  /// came.
  bool is_deflated() const noexcept { return deflated_; }

  /// Returns whether the last bytes left a frame or a message incomplete.
  bool is_inside() const noexcept {
    return in_frame_ || in_message_ || held_ > 0;
  }

  /// Returns whether a close frame begins in `input`, which is to come next.
  /// Nothing is taken, and only the frames' headers are looked at.
  bool sees_close(std::string_view input) const;

  /// Returns why the reader failed: `protocol_error`, `invalid_payload` or
  /// `message_too_big`.
  close_code error() const noexcept { return error_; }

  /// Returns the same in words, for a close frame: "a frame is not masked".
  std::string_view reason() const noexcept { return reason_; }

private:
  bool read_header(std::string_view& input);
  bool accept(const frame_header& header) noexcept;
  bool accept_control(const frame_header& header) noexcept;
  bool accept_data(const frame_header& header) noexcept;
  bool read_payload(std::string_view& input);
  bool check_text(bool at_end) noexcept;
  bool check_close() noexcept;
  event end_frame() noexcept;
  bool fail(close_code why, std::string_view reason) noexcept;

  std::size_t max_message_;
  buffer_builder message_;
  buffer_builder control_;
  std::size_t checked_ = 0;     // bytes of message_ that are valid UTF-8
  std::uint64_t remaining_ = 0; // bytes of the frame's payload to come
  std::uint64_t offset_ = 0;    // bytes of it that have come
  mask_key key_{};
  char header_[max_masked_header]; // the first `held_` bytes of the next one
  std::uint8_t held_ = 0;
  opcode op_{};   // of the frame
  opcode type_{}; // of the message
  bool may_deflate_;
  bool deflated_ = false; // the message
  bool fin_ = false;
  bool in_frame_ = false;
  bool in_message_ = false; // behind the first frame, before the last ends
  close_code error_{};      // set = failed
  std::string_view reason_; // of that
};

/// Reads the payload of a close frame that `message_reader` accepted. Without a
/// code it is `no_status`.
close_code close_frame_code(std::string_view payload) noexcept;

/// Returns the payload of a close frame; `no_status` gives an empty one.
shared_buffer make_close_payload(std::uint16_t code, std::string_view reason);

} // namespace wsrelay
