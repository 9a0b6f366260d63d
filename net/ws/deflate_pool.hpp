// Compression that the connections of a loop share: without takeover each
// message stands for itself, and so does what it takes to deflate it.
#pragma once

#include "net/loop/loop_context.hpp"
#include "net/ws/deflate.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <utility>

namespace wsrelay {

/// Of one loop; used there.
class deflate_pool final : public loop_timer {
public:
  /// How a message is deflated: zlib's level and window.
  struct form {
    int level;
    int window_bits;
    auto operator<=>(const form&) const = default;
  };

  /// What was deflated last is kept for others, so much of it at most, and so
  /// long: what goes to many is deflated once.
  static constexpr std::size_t max_recent = 8;
  static constexpr std::size_t max_recent_bytes = 1024 * 1024;
  static constexpr milliseconds recent_time{1000};

  explicit deflate_pool(loop_context& home) : home_{home} {}
  ~deflate_pool() { home_.set_timer(*this, time_point::max()); }

  deflate_pool(const deflate_pool&) = delete;
  deflate_pool& operator=(const deflate_pool&) = delete;

  /// Returns the payload. Throws `std::bad_alloc`.
  shared_buffer deflate(const shared_buffer& message, form how);

  /// Returns what inflates messages of any window, one after the other. Throws
  /// `std::bad_alloc`.
  message_inflater& inflater(std::size_t max_message);

  // called by the loop
  void on_timer() override { recent_.clear(); }

private:
  struct done {
    shared_buffer message;
    form how;
    shared_buffer payload;

    std::size_t size() const noexcept {
      return message.size() + payload.size();
    }
  };

  void keep(done what);

  loop_context& home_;
  std::map<form, message_deflater> deflaters_;
  std::map<std::size_t, message_inflater> inflaters_; // by their limit
  std::deque<done> recent_;                           // the oldest first
};

} // namespace wsrelay
