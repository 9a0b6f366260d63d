// Credit between a connection and its target: how many messages and bytes may
// be unanswered, and which messages ask for an answer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace wsrelay {

/// Counts what a target has not answered yet. Only one message in each quarter
/// of the window is a request: its answer counts for all before it, since a
/// mailbox keeps the order of one sender.
class send_window {
public:
  /// A place in the stream of messages: all up to `seq`, and their bytes.
  struct mark {
    std::uint64_t seq = 0;
    std::uint64_t bytes = 0;
  };

  /// What may be unanswered; one message more when that is nearly reached.
  /// @pre messages > 0, 0 < bytes <= 1 GiB
  send_window(std::uint32_t messages, std::size_t bytes) noexcept
      : messages_{messages}, bytes_{static_cast<std::uint32_t>(bytes)} {}

  /// Begins anew: everything so far belongs to somebody else.
  void reset() noexcept {
    answered_ = sent_;
    messages_since_ = bytes_since_ = 0;
    returned_ = false;
  }

  /// Counts the next message and returns whether it must be a request.
  bool send(std::size_t size) noexcept {
    ++sent_.seq;
    sent_.bytes += size;
    ++messages_since_;
    bytes_since_ += static_cast<std::uint32_t>(size);
    auto due = messages_since_ >= std::max(messages_ / 4, 1u)
               || bytes_since_ >= bytes_ / 4;
    if (due)
      messages_since_ = bytes_since_ = 0;
    return due;
  }

  /// Everything that was sent.
  const mark& sent() const noexcept { return sent_; }

  /// The target answered what was sent up to `until`.
  void answer(const mark& until) noexcept {
    if (until.seq > answered_.seq)
      answered_ = until;
  }

  /// What was sent up to `until` takes no more room, and some of it never
  /// arrived: it came back.
  void give_back(const mark& until) noexcept {
    answer(until);
    returned_ = true;
  }

  bool full() const noexcept {
    return sent_.seq - answered_.seq >= messages_
           || sent_.bytes - answered_.bytes >= bytes_;
  }

  /// Returns whether a client that has gone may be read beyond the window, so
  /// that its end is seen: up to twice its bytes, or 1 MiB, with what messages
  /// cost beside their payload.
  bool may_overrun() const noexcept {
    constexpr std::uint64_t message_cost = 128, floor = 1024 * 1024;
    auto cost = (sent_.seq - answered_.seq) * message_cost + sent_.bytes
                - answered_.bytes;
    return cost < std::max(floor, 2 * std::uint64_t{bytes_});
  }

  /// Returns whether the target is known to have got every message.
  bool all_answered() const noexcept {
    return sent_.seq == answered_.seq && !returned_;
  }

private:
  std::uint32_t messages_;
  std::uint32_t bytes_;
  std::uint32_t messages_since_ = 0; // the last request
  std::uint32_t bytes_since_ = 0;    // less than 2 GiB: a message has 1 at most
  mark sent_;
  mark answered_;
  bool returned_ = false; // since the window began
};

} // namespace wsrelay
