// What a client's frames say, decompressed where that was agreed on.
#pragma once

#include "net/ws/message_codec.hpp"
#include "protocol/message_reader.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace wsrelay {

/// A `message_reader` with what lies behind it. Loop thread only.
class frame_input {
public:
  using event = message_reader::event;

  /// Bytes that are decompressed, before and after, until others have their
  /// turn: half a millisecond. Each message counts as some more.
  static constexpr std::size_t max_inflated = 128 * 1024;
  static constexpr std::size_t message_cost = 1024;

  /// `codec` is null where nothing is compressed; it outlives this.
  frame_input(std::size_t max_message, message_codec* codec)
      : codec_{codec}, reader_{max_message, codec != nullptr} {}

  /// A read's bytes are to come.
  void begin() noexcept { inflated_ = 0; }

  /// Returns whether others should have their turn before more is taken.
  bool has_enough() const noexcept { return inflated_ >= max_inflated; }

  /// As `message_reader::next`; a message that is not wanted is `none`.
  event next(std::string_view& input, bool wants_messages) {
    if (fault_)
      return event::failed;
    auto found = reader_.next(input);
    if (found != event::message)
      return found;
    auto message = reader_.take();
    if (!wants_messages)
      return event::none;
    message_ = std::move(message);
    return reader_.is_deflated() ? inflate() : event::message;
  }

  /// Returns the payload of the last event. Once.
  shared_buffer take() noexcept {
    return message_.empty() ? reader_.take() : std::exchange(message_, {});
  }

  bool is_text() const noexcept { return reader_.is_text(); }
  bool sees_close(std::string_view input) const {
    return reader_.sees_close(input);
  }

  /// Returns why it failed, and the same in words.
  close_code error() const noexcept {
    return fault_ ? fault_->code : reader_.error();
  }
  std::string_view reason() const noexcept {
    return fault_ ? fault_->reason : reader_.reason();
  }

private:
  event inflate() {
    inflated_ += message_.size() + message_cost;
    fault_ = codec_->open(message_, is_text());
    inflated_ += message_.size();
    return fault_ ? event::failed : event::message;
  }

  message_codec* codec_;
  message_reader reader_;
  shared_buffer message_;
  std::optional<inflate_fault> fault_;
  std::size_t inflated_ = 0; // of the read that is under way
};

} // namespace wsrelay
