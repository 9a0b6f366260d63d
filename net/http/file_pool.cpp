// A queue and its threads.
#include "net/http/file_pool.hpp"

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <pthread.h>

namespace wsrelay {

namespace {

void call(const file_pool::job& what, bool runs) noexcept {
  try {
    what(runs);
  } catch (const std::exception&) {
    // Memory ran out while an answer was made: it is lost, the pool is not.
  }
}

} // namespace

// Shared with the threads, which may outlive the pool.
class file_pool::queue : public std::enable_shared_from_this<queue> {
public:
  queue(std::size_t threads, std::size_t max_waiting)
      : thread_count_{threads}, max_waiting_{max_waiting} {}

  job_id add(job what, bool begins) {
    std::unique_lock guard{mutex_};
    if (stopped_ || (begins && waiting_ >= max_waiting_) || !start_threads())
      return 0;
    jobs_.emplace(++last_id_, entry{std::move(what), begins});
    waiting_ += begins ? 1 : 0;
    ready_.notify_one();
    return last_id_;
  }

  void cancel(job_id which) {
    // What it holds is destroyed once the lock is gone.
    std::map<job_id, entry>::node_type found;
    std::unique_lock guard{mutex_};
    found = jobs_.extract(which);
    if (found)
      waiting_ -= found.mapped().begins ? 1 : 0;
  }

  // Stopping again changes nothing.
  void stop(time_point deadline) {
    std::map<job_id, entry> dropped;
    {
      std::unique_lock guard{mutex_};
      if (std::exchange(stopped_, true))
        return;
      dropped.swap(jobs_);
    }
    ready_.notify_all();
    for (auto& each : dropped)
      call(each.second.what, false);
    std::unique_lock guard{mutex_};
    ended_.wait_until(guard, deadline, [this] { return threads_ == 0; });
  }

private:
  struct entry {
    job what;
    bool begins;
  };

  // Some threads are as good as all of them.
  bool start_threads() {
    try {
      while (threads_ < thread_count_) {
        std::thread made{[me = shared_from_this()] { me->work(); }};
        pthread_setname_np(made.native_handle(), "wsrelay.files");
        made.detach();
        ++threads_;
      }
    } catch (const std::system_error&) {
    }
    return threads_ > 0;
  }

  void work() {
    std::unique_lock guard{mutex_};
    for (;;) {
      ready_.wait(guard, [this] { return stopped_ || !jobs_.empty(); });
      if (stopped_)
        break;
      auto next = jobs_.extract(jobs_.begin());
      waiting_ -= next.mapped().begins ? 1 : 0;
      guard.unlock();
      call(next.mapped().what, true);
      next = {}; // closes a file, maybe
      guard.lock();
    }
    --threads_;
    ended_.notify_all();
  }

  const std::size_t thread_count_;
  const std::size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable ended_;
  std::map<job_id, entry> jobs_; // by age; guarded by mutex_
  job_id last_id_ = 0;           // and all below
  std::size_t waiting_ = 0;      // of the jobs those that begin
  std::size_t threads_ = 0;
  bool stopped_ = false;
};

file_pool::file_pool(std::size_t threads, std::size_t max_waiting)
    : queue_{std::make_shared<queue>(threads, max_waiting)} {}

file_pool::~file_pool() {
  queue_->stop(time_point::max());
}

file_pool::job_id file_pool::try_run(job what) {
  return queue_->add(std::move(what), true);
}

file_pool::job_id file_pool::run(job what) {
  return queue_->add(std::move(what), false);
}

void file_pool::cancel(job_id which) {
  queue_->cancel(which);
}

void file_pool::stop(time_point deadline) {
  queue_->stop(deadline);
}

} // namespace wsrelay
