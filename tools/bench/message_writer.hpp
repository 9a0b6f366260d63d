// Frames messages into one buffer, so that many leave with one send.
#pragma once

#include "tools/bench/frame_codec.hpp"
#include "tools/bench/payload.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wsrelay::bench {

/// One for all connections: they take turns.
class message_writer {
public:
  /// Writes what `messages`, which outlives this, holds.
  message_writer(const payload& messages, const options& opts)
      : messages_{&messages},
        op_{opts.deflate ? opcode::deflated_text
            : opts.text  ? opcode::text
                         : opcode::binary},
        buffer_(std::max(batch_bytes, frame_bytes())) {}

  /// Returns whether another message fits.
  bool has_room() const noexcept {
    return buffer_.size() - used_ >= frame_bytes();
  }

  /// Appends message `id`. @pre `has_room()`
  void add(std::uint64_t id, mask_keys& keys) noexcept {
    auto key = keys.next();
    used_ += put_header(&buffer_[used_], op_, messages_->size(), key);
    messages_->put_masked(&buffer_[used_], id, key);
    used_ += messages_->size();
  }

  /// Returns the frames, valid until the next `add`, and begins anew.
  std::string_view take() noexcept {
    std::string_view frames{buffer_.data(), used_};
    used_ = 0;
    return frames;
  }

private:
  // More than one message goes into one send up to this size.
  static constexpr std::size_t batch_bytes = 256 * 1024;

  // One more than needed, so that the payload of the last has an address.
  std::size_t frame_bytes() const noexcept {
    return max_masked_header + messages_->size() + 1;
  }

  const payload* messages_;
  opcode op_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
};

} // namespace wsrelay::bench
