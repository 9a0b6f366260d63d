// SIGINT and SIGTERM as a call.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace wsrelay::cli {

/// Blocks SIGINT and SIGTERM in this thread and those it starts. Before the
/// actor system is made.
void block_termination();

/// Calls a function on another thread when one of the blocked signals comes.
class interruption {
public:
  explicit interruption(std::function<void()> on_signal);

  /// Ends the thread.
  ~interruption();

  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;

private:
  std::thread thread_;
};

} // namespace wsrelay::cli
