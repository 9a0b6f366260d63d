// Datagrams to a service manager (sd_notify(3)), without waiting for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace wsrelay {

/// Sends by a thread of its own: a manager that reads nothing keeps nobody
/// waiting, as libsystemd would.
class notify_socket {
public:
  /// To the manager of NOTIFY_SOCKET. Without one there is no thread, and
  /// `send` does nothing.
  notify_socket();

  /// What waits is given a second to go out.
  ~notify_socket();

  notify_socket(const notify_socket&) = delete;
  notify_socket& operator=(const notify_socket&) = delete;

  /// Sends after all before it; of more than 64 that wait, the oldest is
  /// dropped. Any thread; never blocks.
  void send(std::string state);

private:
  using clock = std::chrono::steady_clock;

  void run();
  std::optional<std::string> next();
  bool is_over();

  std::string manager_; // "/PATH", "@NAME", or "" for none
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;      // guarded by mutex_
  std::optional<clock::time_point> end_; // guarded by mutex_: no longer than so
  std::thread thread_;
};

} // namespace wsrelay
