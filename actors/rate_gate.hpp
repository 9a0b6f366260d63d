// How fast a client may send: messages and bytes per second.
#pragma once

#include "actors/flow_counts.hpp"
#include "actors/frame_port.hpp"
#include "config/config.hpp"
#include "protocol/token_bucket.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace wsrelay {

/// Says when a client is not to be read. What has come counts, whatever its
/// size: the rest of its time is owed.
class rate_gate {
public:
  /// @pre a rate is more than 0
  rate_gate(const rate_options& limits, std::shared_ptr<flow_counts> counts)
      : messages_{static_cast<double>(limits.messages), limits.burst},
        bytes_{static_cast<double>(limits.bytes), limits.burst},
        patience_{limits.patience ? *limits.patience : time_point::duration{}},
        counts_{std::move(counts)} {}

  /// A message has come. Returns whether it is held back now.
  bool count(std::size_t size, time_point now) noexcept {
    auto was_idle =
        std::max(message_bucket_.full_at(), byte_bucket_.full_at()) <= now
        && now - released_at_ >= at_once;
    if (messages_.per_second > 0)
      message_bucket_.take(1, messages_, now);
    if (bytes_.per_second > 0)
      byte_bucket_.take(static_cast<double>(size), bytes_, now);
    if (was_idle)
      busy_since_ = time_point::max();
    if (now < ready())
      hold(was_idle ? ready() : now);
    return is_held_;
  }

  /// Returns whether it is held back: until `release`.
  bool is_held() const noexcept { return is_held_; }

  /// Lets it go on, if its time has come.
  void release(time_point now) noexcept {
    if (!is_held_ || now < ready())
      return;
    is_held_ = false;
    released_at_ = now;
  }

  /// Returns when something is to be done about who is held back.
  time_point due() const noexcept {
    return is_held_ ? std::min(ready(), limit()) : time_point::max();
  }

  /// Returns whether who is held back has been too fast for too long: it never
  /// sent so little that all of its time came back. The time that a single
  /// message takes does not count.
  bool is_over(time_point now) const noexcept {
    return is_held_ && now >= limit();
  }

  void count_end() noexcept { ++counts_->ended; }

private:
  // What comes so soon behind a release has waited for it.
  static constexpr milliseconds at_once{10};

  void hold(time_point since) noexcept {
    busy_since_ = std::min(busy_since_, since);
    if (!std::exchange(is_held_, true))
      ++counts_->held_back;
  }

  // From when on a message may come.
  time_point ready() const noexcept {
    auto result = time_point::min();
    if (messages_.per_second > 0)
      result = message_bucket_.ready_at(messages_, 1);
    if (bytes_.per_second > 0)
      result = std::max(result, byte_bucket_.ready_at(bytes_, 0));
    return result;
  }

  time_point limit() const noexcept {
    return patience_ == time_point::duration{} ? time_point::max()
                                               : busy_since_ + patience_;
  }

  token_rate messages_;
  token_rate bytes_;
  time_point::duration patience_; // 0 = without end
  token_bucket message_bucket_;
  token_bucket byte_bucket_;
  time_point busy_since_ = time_point::max(); // first held back, since it idled
  time_point released_at_ = time_point{} - at_once;
  bool is_held_ = false;
  std::shared_ptr<flow_counts> counts_;
};

} // namespace wsrelay
