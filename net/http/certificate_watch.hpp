// Notices that files of certificates have changed: on a thread of its own,
// since reading files blocks.
#pragma once

#include "net/loop/unique_fd.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace wsrelay {

/// Calls back when one of some files is another one, or has other contents,
/// than before: also behind a symbolic link that leads elsewhere, as `certbot`
/// and Kubernetes change them. inotify(7) tells at once; each minute it looks
/// in any case, and each second while one of them is not there.
class certificate_watch {
public:
  /// Files that change together change within this time.
  static constexpr std::chrono::milliseconds settling{200};

  /// So often it calls back in any case: who loads certificates says when they
  /// run out.
  static constexpr std::chrono::hours reading_period{24};

  /// `changed` is called on the watch's thread, one call at a time, and does
  /// not throw.
  certificate_watch(std::vector<std::string> files,
                    std::function<void()> changed,
                    std::chrono::milliseconds period = reading_period);

  /// Waits for a call that is under way.
  ~certificate_watch();

  certificate_watch(const certificate_watch&) = delete;
  certificate_watch& operator=(const certificate_watch&) = delete;

  /// Has `changed` called soon, whatever the files are. Any thread.
  void call_now();

private:
  void run();
  void look();
  void watch_folders();
  bool wait_for_news();
  void take_events();
  bool wait(std::chrono::milliseconds limit);
  std::string sight() const;

  const std::vector<std::string> files_;
  const std::function<void()> changed_;
  const std::chrono::milliseconds period_;
  std::chrono::steady_clock::time_point last_call_;
  unique_fd events_; // inotify; none where the system has no more of them
  unique_fd wake_up_;
  std::atomic<bool> asked_{false};
  std::atomic<bool> ending_{false};
  std::string seen_; // of the files, when it was called last
  std::thread thread_;
};

} // namespace wsrelay
