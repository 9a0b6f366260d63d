// What a service manager is told: systemd's notifications (sd_notify(3)).
#pragma once

#include "net/notify_socket.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

namespace wsrelay {

/// Tells whoever started this process, if it wants to know (NOTIFY_SOCKET).
/// Never waits for it.
class service_manager {
public:
  /// Returns whether the process still does its work. Called on a thread of
  /// its own; may block.
  using check = std::function<bool()>;

  service_manager() = default;
  ~service_manager() { stopping(); }

  service_manager(const service_manager&) = delete;
  service_manager& operator=(const service_manager&) = delete;

  /// It serves. From now on, where the manager asks for it (WatchdogSec=), it
  /// is told so for as long as `is_well`, twice within the time.
  void ready(std::string_view status, check is_well);

  /// What was set is read again, and `reload` says when that has begun.
  void reload(const std::function<void()>& reload);

  /// It is going to end. Once.
  void will_stop();

  /// It ends, and there is no watchdog any more.
  void stopping();

private:
  void watch(std::chrono::microseconds period, const check& is_well);

  notify_socket manager_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stops_ = false; // guarded by mutex_
  bool is_told_ = false;
  std::thread watchdog_;
};

} // namespace wsrelay
