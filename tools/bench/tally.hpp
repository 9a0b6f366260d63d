// What a run counts. One thread, one object; the report reads it at the end.
#pragma once

#include "tools/bench/histogram.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace wsrelay::bench {

struct tally {
  /// Whether messages count: after the warm-up, before the drain.
  bool measuring = false;

  /// Messages that came back (fan-out: deliveries; handshake: whole rounds)
  /// while measuring, and their latencies in nanoseconds.
  std::uint64_t messages = 0;
  histogram latency;
  /// The same as `messages` over the whole run, to see progress.
  std::uint64_t arrived = 0;

  /// Over the whole run: messages that never came; that came unasked, with
  /// another size or, with --verify, other bytes.
  std::uint64_t lost = 0;
  std::uint64_t wrong = 0;

  std::uint64_t opened = 0;
  /// Connections that never became open.
  std::uint64_t failed = 0;
  /// Every unexpected end by what happened, and the close codes the server
  /// sent unasked (1005 = a close frame without code).
  std::map<std::string, std::uint64_t> errors;
  std::map<std::uint16_t, std::uint64_t> close_codes;

  std::uint64_t error_count() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [text, count] : errors)
      sum += count;
    return sum;
  }

  /// Counts one message that took `nanoseconds`.
  void arrive(std::uint64_t nanoseconds) noexcept {
    ++arrived;
    if (!measuring)
      return;
    ++messages;
    latency.record(nanoseconds);
  }
};

} // namespace wsrelay::bench
