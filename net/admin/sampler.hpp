// What is asked once a second, so that a scrape asks nobody: the peers, the
// directory, and how late the loops are.
#pragma once

#include "actors/node_messages.hpp"
#include "net/admin/admin_view.hpp"
#include "net/admin/history.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace wsrelay {

/// What a node was a moment ago.
struct node_sample {
  bool directory_answers = false;
  std::vector<peer_info> peers;
  std::uint64_t names = 0;
  /// By service and number of the loop: how long it took to call it.
  std::map<std::pair<std::string, std::size_t>, std::chrono::nanoseconds> lags;
};

/// A thread of its own.
class sampler {
public:
  static constexpr std::chrono::seconds period{1};

  /// Between points of the history.
  static constexpr milliseconds point_period{2'000};

  /// Who hears of each new point of the history, on the sampler's thread.
  using on_point = std::function<void(const history_point&)>;

  sampler(admin_view& view, on_point tell);
  ~sampler();

  sampler(const sampler&) = delete;
  sampler& operator=(const sampler&) = delete;

  /// Ends the thread, soon. Another thread's.
  void stop();

  /// Returns the last sample; null before the first one. Any thread.
  std::shared_ptr<const node_sample> last() const;

  /// Returns the points of the last 15 minutes, the oldest first. Any thread.
  std::vector<history_point> history() const;

private:
  struct probes;

  void run();
  bool wait();
  void take_sample();
  void ask_directory(node_sample& sample);
  void knock(const std::vector<service_view>& services);

  admin_view& view_;
  on_point tell_;
  std::shared_ptr<probes> probes_;
  history_writer writer_; // the thread's
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;                   // guarded by mutex_
  std::shared_ptr<const node_sample> last_; // the same
  wsrelay::history points_;                 // the same
  std::thread thread_;
};

} // namespace wsrelay
