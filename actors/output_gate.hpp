// What a connection lets out to its client: bounded by what it costs in memory,
// counted, and answered to those who asked.
#pragma once

#include "actors/frame_port.hpp"
#include "actors/pending_writes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace wsrelay {

/// The output policy of a connection. Knows neither its socket nor its actor.
class output_gate {
public:
  enum class verdict : std::uint8_t {
    pass,
    too_big, // alone over the limit
    full,    // with what waits: the client does not read
  };

  /// `limit` in bytes of memory, whatever waits for the client: payloads,
  /// headers, and what each message costs beside.
  explicit output_gate(std::size_t limit) noexcept : limit_{limit} {}

  /// Decides on a message of `size` bytes, `queued` being what waits now.
  verdict check(std::size_t size, std::size_t queued) const noexcept {
    if (size > limit_)
      return verdict::too_big;
    auto cost = size + queued_message_cost + queued + waiting_.cost();
    // What is alone may be as large as the limit.
    return cost > limit_ && queued > 0 ? verdict::full : verdict::pass;
  }

  /// Returns whether the port gets one more message: what it has cannot be
  /// dropped or overtaken, and it sends no more than so much in a turn.
  bool may_pass(const frame_port& port) const noexcept {
    return port.queued_messages() == 0
           || port.queued_cost() < std::min(limit_ / 4, port_share);
  }

  void count(std::size_t size) noexcept {
    ++messages_;
    bytes_ += size;
  }

  /// Messages, and bytes of payload, that were let out.
  std::uint64_t messages() const noexcept { return messages_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

  /// Those who wait for the kernel to take what they sent.
  pending_writes& waiting() noexcept { return waiting_; }

private:
  static constexpr std::size_t port_share = 256 * 1024;

  std::size_t limit_;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  pending_writes waiting_;
};

} // namespace wsrelay
