// What the connections of a run do: one implementation for each mode. A
// workload decides what is sent when, and judges what comes back.
#pragma once

#include "tools/bench/connection.hpp"
#include "tools/bench/options.hpp"
#include "tools/bench/tally.hpp"

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>

namespace wsrelay::bench {

/// No time: later than any other.
inline constexpr auto never = std::numeric_limits<std::uint64_t>::max();

/// What a workload works on; outlives it. Connections are numbered 0, 1, ...
struct workload_env {
  const options& opts;
  connection_env& io;
  tally& counts;
  std::deque<connection>& connections;
};

class workload : public message_sink {
public:
  /// Returns whether traffic waits until all connections are open.
  virtual bool waits_for_all() const { return true; }

  /// Begins to send.
  virtual void start() = 0;

  /// Sends no more. What is under way is still awaited.
  virtual void stop() = 0;

  /// Lets exactly `messages` more come in: those under way and new ones.
  virtual void limit(std::uint64_t) {}

  /// Called once per turn of the loop.
  virtual void on_tick() {}

  /// When `on_tick` is wanted next, in nanoseconds of CLOCK_MONOTONIC.
  virtual std::uint64_t next_due() const { return never; }

  /// Messages under way, that is not yet come in.
  virtual std::uint64_t awaited() const = 0;

  /// Gives up what is under way: counts it as lost.
  virtual void give_up() = 0;

  virtual void on_opened(connection&) {}

  /// Counts what was under way as lost; may start the connection again.
  virtual void on_ended(connection&, const ending&) {}
};

std::unique_ptr<workload> make_echo(workload_env env);
std::unique_ptr<workload> make_fanout(workload_env env);
std::unique_ptr<workload> make_idle(workload_env env);
std::unique_ptr<workload> make_handshake(workload_env env);

/// Returns the workload of `env.opts.mode`.
std::unique_ptr<workload> make_workload(workload_env env);

} // namespace wsrelay::bench
