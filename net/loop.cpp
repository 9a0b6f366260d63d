// The loop's turn.
#include "net/loop.hpp"

#include <caf/scheduler/abstract_coordinator.hpp>

#include <pthread.h>

#include <algorithm>

namespace wsrelay {

namespace {

thread_local loop* current_loop = nullptr;

} // namespace

loop::loop(caf::actor_system& system, std::chrono::nanoseconds in_place_budget)
    : event_loop(&system),
      slow_{in_place_budget},
      work_{context_.get_executor()} {}

loop::~loop() {
  stop();
}

void loop::start(std::string thread_name) {
  thread_ = std::thread{[this, thread_name] {
    pthread_setname_np(pthread_self(), thread_name.substr(0, 15).c_str());
    run();
  }};
}

void loop::stop() {
  if (!thread_.joinable())
    return;
  post([this] { stopping_ = true; });
  thread_.join();
  leave_jobs_to_scheduler();
}

void loop::post(std::function<void()> what) {
  boost::asio::post(context_, std::move(what));
}

void loop::exec_later(caf::resumable* job) {
  if (current_loop == this) {
    ready_.push_back(job);
    return;
  }
  std::unique_lock guard{remote_mutex_};
  if (closed_) {
    guard.unlock();
    system().scheduler().enqueue(job);
    return;
  }
  remote_.push_back(job);
  if (remote_.size() == 1)
    boost::asio::post(context_, [this] { take_remote_jobs(); });
}

void loop::take_remote_jobs() {
  std::unique_lock guard{remote_mutex_};
  ready_.insert(ready_.end(), remote_.begin(), remote_.end());
  remote_.clear();
}

void loop::run() {
  current_loop = this;
  while (!stopping_) {
    turn();
    flush_all();
    timers_.fire(now());
    if (ready_.empty() && dirty_.empty() && !stopping_)
      block();
  }
  current_loop = nullptr;
}

// Handlers first, until none is ready: many reads become one batch for an
// actor.
void loop::turn() {
  std::size_t handled = 0;
  for (;;) {
    auto before = handled;
    while (handled < max_turn && context_.poll_one() != 0)
      ++handled;
    handled += run_ready();
    if (handled == before || handled >= max_turn)
      return;
  }
}

void loop::flush_all() {
  flushing_.swap(dirty_);
  for (std::size_t i = 0; i < flushing_.size(); ++i)
    if (auto* what = flushing_[i])
      what->flush();
  flushing_.clear();
}

// A flush may end other sockets, so those under way are only blanked out.
void loop::forget(flushable& what) {
  std::erase(dirty_, &what);
  std::replace(flushing_.begin(), flushing_.end(), &what,
               static_cast<flushable*>(nullptr));
}

void loop::block() {
  if (timers_.next() == time_point::max())
    context_.run_one();
  else
    context_.run_one_until(timers_.next());
}

std::size_t loop::run_ready() {
  running_.swap(ready_);
  for (auto* job : running_)
    run_job(job);
  auto result = running_.size();
  running_.clear();
  return result;
}

void loop::run_job(caf::resumable* job) {
  auto is_target = job->subtype() == caf::resumable::scheduled_actor;
  if (is_target && slow_.contains(*job))
    return system().scheduler().enqueue(job);
  auto result = is_target ? slow_.run(*job, this, max_throughput)
                          : job->resume(this, max_throughput);
  if (result == caf::resumable::resume_later)
    ready_.push_back(job);
  else
    intrusive_ptr_release(job);
}

void loop::leave_jobs_to_scheduler() {
  std::unique_lock guard{remote_mutex_};
  closed_ = true;
  ready_.insert(ready_.end(), remote_.begin(), remote_.end());
  remote_.clear();
  for (auto* job : ready_)
    system().scheduler().enqueue(job);
  ready_.clear();
}

} // namespace wsrelay
