// All clients on one thread.
#pragma once

#include "test/storm/client.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace wsrelay::storm {

/// Runs `count` clients until it is stopped.
class swarm {
public:
  swarm(std::uint16_t port, std::size_t targets, std::size_t count,
        std::uint64_t seed, record& seen, bool low_limits);
  ~swarm() { stop(); }

  /// The clients only read and answer from now on.
  void calm() noexcept { calm_ = true; }

  /// Drops every client and ends the thread.
  void stop();

  /// Only after `stop`.
  const client_counts& counts() const noexcept { return counts_; }

private:
  void run();
  void turn(steady::time_point now);

  std::mt19937_64 random_;
  client_counts counts_;
  client_setting setting_;
  std::vector<std::unique_ptr<client>> clients_;
  std::atomic<bool> calm_{false};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

} // namespace wsrelay::storm
