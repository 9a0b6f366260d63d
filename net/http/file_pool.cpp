// A queue and its threads.
#include "net/http/file_pool.hpp"

#include <exception>
#include <system_error>
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

file_pool::file_pool(std::size_t threads, std::size_t max_waiting)
    : thread_count_{threads}, max_waiting_{max_waiting} {}

file_pool::~file_pool() {
  stop();
}

bool file_pool::try_run(job what) {
  return add(std::move(what), true);
}

bool file_pool::run(job what) {
  return add(std::move(what), false);
}

bool file_pool::add(job what, bool begins) {
  {
    std::unique_lock guard{mutex_};
    if (stopped_ || (begins && waiting_ >= max_waiting_) || !start_threads())
      return false;
    jobs_.push_back({std::move(what), begins});
    waiting_ += begins ? 1 : 0;
  }
  ready_.notify_one();
  return true;
}

// Some threads are as good as all of them.
bool file_pool::start_threads() {
  try {
    while (pool_.size() < thread_count_) {
      pool_.emplace_back([this] { work(); });
      pthread_setname_np(pool_.back().native_handle(), "wsrelay.files");
    }
  } catch (const std::system_error&) {
  }
  return !pool_.empty();
}

void file_pool::work() {
  for (;;) {
    std::unique_lock guard{mutex_};
    ready_.wait(guard, [this] { return stopped_ || !jobs_.empty(); });
    if (stopped_)
      return;
    auto next = std::move(jobs_.front());
    jobs_.pop_front();
    waiting_ -= next.begins ? 1 : 0;
    guard.unlock();
    call(next.what, true);
  }
}

void file_pool::stop() {
  std::deque<entry> dropped;
  std::vector<std::thread> pool;
  {
    std::unique_lock guard{mutex_};
    stopped_ = true;
    dropped.swap(jobs_);
    pool.swap(pool_);
  }
  ready_.notify_all();
  for (auto& thread : pool)
    thread.join();
  for (auto& job : dropped)
    call(job.what, false);
}

} // namespace wsrelay
