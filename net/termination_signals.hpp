// The signals of a program with a node: which end it, and which must not.
#pragma once

#include <csignal>
#include <functional>

namespace wsrelay {

/// SIGINT and SIGTERM as something to wait for. Make it before the actor
/// system, so that no other thread takes the signals. From then on SIGPIPE is
/// ignored, and SIGHUP ends nothing: `wait` logs it, and where it was ignored
/// (nohup) it stays so.
class termination_signals {
public:
  termination_signals();
  ~termination_signals();

  termination_signals(const termination_signals&) = delete;
  termination_signals& operator=(const termination_signals&) = delete;

  /// Keeps a SIGHUP that comes from now on for `wait`. Before other threads.
  static void hold_hang_up() noexcept;

  /// Blocks until SIGINT or SIGTERM arrives, logs and returns it. Meanwhile
  /// `on_hang_up`, where it is given, is called for each SIGHUP. A signal that
  /// arrives after that changes nothing: whoever stops does so in bounded time.
  int wait(const std::function<void()>& on_hang_up = nullptr) const;

  /// Returns whether a further SIGINT or SIGTERM has come. Never blocks.
  bool again() const;

  /// Sends the process a SIGTERM that an operator has ordered: `wait` logs that
  /// instead of the signal. Any thread.
  static void raise() noexcept;

  /// Returns whether the process was told to end: the `wait` of an object that
  /// still lives has returned.
  static bool received() noexcept;

private:
  sigset_t set_;
};

} // namespace wsrelay
