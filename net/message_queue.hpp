// Messages on their way to a client: queued, then gathered by the socket, then
// taken by the kernel.
#pragma once

#include "actors/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <vector>

namespace wsrelay {

/// Numbers messages from 1 and remembers where those end that somebody waits
/// for. Owns no memory while it is empty. Its bound is the connection's output
/// limit.
class message_queue {
public:
  struct message {
    message_type type;
    bool notify;
    shared_buffer data;
  };

  /// Adds a message.
  void push(message what) {
    bytes_ += what.data.size();
    queue_.push_back(std::move(what));
  }

  bool empty() const noexcept { return queue_.empty(); }
  const message& front() const noexcept { return queue_.front(); }

  /// Bytes of the messages that are not gathered yet.
  std::size_t bytes() const noexcept { return bytes_; }

  /// The first message is gathered; it ends at byte `offset` of the output.
  void pop(std::uint64_t offset) {
    ++gathered_;
    bytes_ -= queue_.front().data.size();
    if (queue_.front().notify)
      marks_.push_back({offset, gathered_});
    queue_.pop_front();
  }

  /// The kernel has taken `total` bytes of output. Returns the number of the
  /// last message with `notify` among them that was not returned before, or 0.
  std::uint64_t flushed(std::uint64_t total) {
    std::uint64_t number = 0;
    std::size_t reached = 0;
    while (reached < marks_.size() && marks_[reached].offset <= total)
      number = marks_[reached++].number;
    marks_.erase(marks_.begin(),
                 marks_.begin() + static_cast<std::ptrdiff_t>(reached));
    return number;
  }

  /// Forgets what is not gathered.
  void clear() {
    queue_.clear();
    bytes_ = 0;
  }

private:
  struct mark {
    std::uint64_t offset;
    std::uint64_t number;
  };

  std::list<message> queue_; // unlike a deque, it is free of memory when empty
  std::size_t bytes_ = 0;
  std::uint64_t gathered_ = 0;
  std::vector<mark> marks_;
};

} // namespace wsrelay
