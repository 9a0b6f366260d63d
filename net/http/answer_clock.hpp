// How long an answer on its way may stand still, and whose fault it is.
#pragma once

#include "net/loop/byte_stream.hpp"
#include "net/loop/loop_timer.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace wsrelay {

/// Judges an answer by what its client acknowledges and what its source gives.
/// The kernel holds megabytes and does not tell what the client has: it is
/// asked at every look. Time that the source takes while the client has
/// everything does not count against the client.
class answer_clock {
public:
  /// An answer, or what comes behind it, begins.
  void start(time_point now) noexcept { progress_ = now; }

  /// The source is asked for a piece.
  void ask(time_point due) noexcept { due_ = due; }

  /// It answers, before what it gives is sent.
  void end_ask(time_point now, byte_stream& stream) noexcept {
    look(now, stream);
    due_ = time_point::max();
  }

  /// Returns whether what the client has acknowledged has changed since the
  /// last look, which is progress.
  bool look(time_point now, byte_stream& stream) noexcept {
    auto arrived = acknowledged(stream);
    auto moved = std::exchange(arrived_, arrived) != arrived;
    auto idle = arrived == stream.output().bytes_taken()
                && stream.output().empty() && is_asked();
    if (moved || idle)
      progress_ = now;
    return moved;
  }

  /// Returns whether a piece is asked for.
  bool is_asked() const noexcept { return due_ != time_point::max(); }

  /// Returns whether it is overdue.
  bool is_overdue(time_point now) const noexcept { return now >= due_; }

  /// Returns when the client is too late, if it takes no more than is known.
  time_point limit(time_point::duration patience) const noexcept {
    return progress_ + patience;
  }

  /// Returns how far apart looks are within a timeout: a client is dropped so
  /// much late at most.
  static milliseconds step_of(milliseconds timeout) noexcept {
    return std::max(timeout / looks_per_timeout, milliseconds{1});
  }

  /// Returns when the next look is due.
  time_point next_look(time_point now, time_point::duration patience,
                       time_point::duration step) const noexcept {
    return std::min({due_, limit(patience), now + step});
  }

private:
  static constexpr int looks_per_timeout = 8;

  std::uint64_t arrived_ = 0; // of all answers, at the client
  time_point progress_{};     // when that was seen to change
  time_point due_ = time_point::max();
};

} // namespace wsrelay
