// The threads that touch files, so that no loop ever waits for a disk: two,
// started when the first job comes, behind a bounded queue.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace wsrelay {

/// Runs jobs in the order they came. Safe to use from many threads.
class file_pool {
public:
  /// Called once with true on a thread of the pool, or with false from `stop`:
  /// then it touches no file and only says so. It may outlive the pool, on a
  /// disk that does not answer: what it needs it owns. No exception but what
  /// lack of memory brings leaves it.
  using job = std::function<void(bool runs)>;

  /// Names a job of a pool. None has 0.
  using job_id = std::uint64_t;

  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t default_threads = 2;
  static constexpr std::size_t default_max_waiting = 1024;

  /// `max_waiting` is how many jobs of `try_run` may wait.
  explicit file_pool(std::size_t threads = default_threads,
                     std::size_t max_waiting = default_max_waiting);

  /// Stops, unless that has happened, and waits for the jobs that run.
  ~file_pool();

  file_pool(const file_pool&) = delete;
  file_pool& operator=(const file_pool&) = delete;

  /// Queues a job that begins something. 0 when too many wait, no thread can be
  /// started, or the pool has stopped: it is not called then.
  job_id try_run(job what);

  /// Queues a job that goes on with what `try_run` began: it is not refused
  /// for the number of those that wait, so its caller bounds them. 0 when no
  /// thread can be started or the pool has stopped.
  job_id run(job what);

  /// Takes a job that waits out of the queue and destroys it, uncalled: its
  /// place is free when this returns. Nothing happens to one that has begun.
  void cancel(job_id which);

  /// Calls the jobs that wait with false, on the calling thread, and ends the
  /// threads after the jobs they are at. Waits for those until the deadline,
  /// then leaves them. Not from a job.
  void stop(time_point deadline);

private:
  class queue;
  std::shared_ptr<queue> queue_; // of the threads, too
};

} // namespace wsrelay
