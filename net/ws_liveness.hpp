// Decides when a quiet client gets a ping, and when it is taken for dead.
#pragma once

#include "actors/frame_port.hpp"

#include <chrono>
#include <optional>

namespace wsrelay {

/// Returns how long ago the last byte of data came in on a TCP socket, as the
/// kernel counts (TCP_INFO, tcpi_last_data_recv); nothing when it does not
/// tell.
std::optional<std::chrono::milliseconds> last_data_received(int socket);

/// Pings after `interval` without a byte and gives up after `timeout` more. Any
/// byte counts as life, also a part of a message. It asks the kernel, so that
/// nothing has to be counted while messages flow.
class liveness {
public:
  enum class verdict { alive, ping, dead };

  liveness(std::optional<std::chrono::milliseconds> interval,
           std::chrono::milliseconds timeout)
      : interval_{interval}, timeout_{timeout} {}

  /// Begins to count at `now`.
  void start(time_point now) {
    if (interval_)
      next_ = now + *interval_;
  }

  /// Returns when `check` is due.
  time_point next() const noexcept { return next_; }

  /// Decides. `paused` says that the relay itself does not read: then nothing
  /// can come, and silence says nothing about the client.
  verdict check(time_point now, int socket, bool paused) {
    return check(now, last_data_received(socket), paused);
  }

  verdict check(time_point now, std::optional<std::chrono::milliseconds> quiet,
                bool paused);

private:
  std::optional<std::chrono::milliseconds> interval_; // none = never ping
  std::chrono::milliseconds timeout_;
  time_point next_ = time_point::max();
  std::optional<time_point> pinged_;
};

} // namespace wsrelay
