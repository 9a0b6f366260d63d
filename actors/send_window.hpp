// Credit between a connection and its target: how many messages may be
// unanswered, and which of them ask for an answer.
#pragma once

#include <algorithm>
#include <cstdint>

namespace wsrelay {

/// Counts the messages a target has not answered yet. Only every `size / 4`-th
/// message is a request: its answer counts for all before it, since a mailbox
/// keeps the order of one sender.
class send_window {
public:
  /// @pre size > 0
  explicit send_window(std::uint32_t size)
      : size_{size}, stride_{std::max<std::uint32_t>(1, size / 4)} {}

  /// Begins anew: everything up to `seq` belongs to somebody else.
  void reset(std::uint64_t seq) noexcept { sent_ = answered_ = start_ = seq; }

  /// Counts message `seq` as sent and returns whether it must be a request.
  bool send(std::uint64_t seq) noexcept {
    sent_ = seq;
    return (seq - start_) % stride_ == 0;
  }

  /// The target answered message `seq`.
  void answer(std::uint64_t seq) noexcept {
    answered_ = std::max(answered_, seq);
  }

  bool full() const noexcept { return sent_ - answered_ >= size_; }

  /// Returns whether the target is known to have got every message.
  bool all_answered() const noexcept { return sent_ == answered_; }

private:
  std::uint32_t size_;
  std::uint32_t stride_;
  std::uint64_t start_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t answered_ = 0;
};

} // namespace wsrelay
