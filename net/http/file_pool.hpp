// The threads that touch files, so that no loop ever waits for a disk: two,
// started when the first job comes, behind a bounded queue.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace wsrelay {

/// Runs jobs in the order they came. Safe to use from many threads.
class file_pool {
public:
  /// Called once with true on a thread of the pool, or with false from `stop`:
  /// then it touches no file and only says so. No exception but what lack of
  /// memory brings leaves it.
  using job = std::function<void(bool runs)>;

  static constexpr std::size_t default_threads = 2;
  static constexpr std::size_t default_max_waiting = 1024;

  /// `max_waiting` is how many jobs of `try_run` may wait.
  explicit file_pool(std::size_t threads = default_threads,
                     std::size_t max_waiting = default_max_waiting);

  /// Stops.
  ~file_pool();

  file_pool(const file_pool&) = delete;
  file_pool& operator=(const file_pool&) = delete;

  /// Queues a job that begins something. False when too many wait, no thread
  /// can be started, or the pool has stopped: it is not called then.
  bool try_run(job what);

  /// Queues a job that goes on with what `try_run` began: it is not refused
  /// for the number of those that wait, so its caller bounds them. False when
  /// no thread can be started or the pool has stopped.
  bool run(job what);

  /// Ends the threads after the jobs they are at, and calls those that wait
  /// with false, on the calling thread. Nothing is called when it has returned.
  /// Not from a job.
  void stop();

private:
  struct entry {
    job what;
    bool begins;
  };

  bool add(job what, bool begins);
  bool start_threads();
  void work();

  const std::size_t thread_count_;
  const std::size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<entry> jobs_;        // guarded by mutex_
  std::size_t waiting_ = 0;       // of them those that begin; so is this
  bool stopped_ = false;          // and this
  std::vector<std::thread> pool_; // and this
};

} // namespace wsrelay
