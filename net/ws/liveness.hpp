// Decides when a quiet client gets a ping, and when it is taken for dead.
#pragma once

#include "actors/frame_port.hpp"
#include "config/config.hpp"
#include "net/loop/loop_context.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace wsrelay {

/// What counts as a sign of life.
enum class life_sign {
  data, // a byte of data
  ack,  // that, or that the client's kernel acknowledged something
};

/// Returns how long ago the last sign of life came in on a TCP socket, as the
/// kernel counts (TCP_INFO: tcpi_last_data_recv, tcpi_last_ack_recv); nothing
/// when it does not tell.
std::optional<std::chrono::milliseconds> last_heard(int socket, life_sign kind);

/// Output in bytes, since the start.
struct output_way {
  std::uint64_t sent = 0;    // given to the socket, taken by the kernel or not
  std::uint64_t arrived = 0; // acknowledged by the client
};

/// Pings after an interval without a sign of life and gives up after a timeout
/// more. Any byte counts, also a part of a message. A ping may have to wait
/// behind a large message: who takes that, however slowly, lives, and has
/// the timeout again. It asks the kernel, so that nothing has to be counted
/// while messages flow.
class liveness {
public:
  enum class verdict { alive, ping, dead };

  /// By `ping_interval` and `pong_timeout` of the options, which outlive it.
  explicit liveness(const relay_options& options) : options_{&options} {}

  /// Begins to count at `now`. A unix socket's kernel tells nothing: what comes
  /// by it is to be told to `hear`.
  void start(time_point now, int socket = -1);

  /// Something came in.
  void hear(const loop_context& home) {
    if (heard_ != time_point::min())
      heard_ = home.now();
  }

  /// Returns when `check` is due.
  time_point next() const noexcept { return next_; }

  /// Decides. While the relay itself does not read (`paused`), data may stand
  /// unread before the pong: then an acknowledged ping is enough.
  verdict check(time_point now, int socket, bool paused,
                const output_way& output);

  /// Decides, with the last sign of life `quiet` ago.
  verdict check(time_point now, std::optional<std::chrono::milliseconds> quiet,
                const output_way& output = {});

private:
  bool takes_what_waits(const output_way& output);

  const relay_options* options_;
  time_point next_ = time_point::max();
  time_point heard_ = time_point::min();  // min() = the kernel is asked
  time_point pinged_ = time_point::min(); // min() = not since the last sign
  output_way before_ping_; // what stood before it, and came up to the last look
};

} // namespace wsrelay
