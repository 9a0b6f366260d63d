// The loop's turn.
#include "net/loop/loop.hpp"

#include "net/loop/guard.hpp"

#include <caf/actor_system.hpp>
#include <caf/atom.hpp>
#include <caf/logger.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace wsrelay {

namespace {

thread_local loop* current_loop = nullptr;

void go_on(loop_task& what) {
  guarded("loop task", [&] { what.go_on(); });
}

} // namespace

loop::loop(caf::actor_system& system, std::chrono::nanoseconds in_place_budget)
    : event_loop(&system),
      slow_{in_place_budget},
      work_{context_.get_executor()},
      poller_ready_{context_.get_executor(),
                    ::fcntl(poller_.descriptor(), F_DUPFD_CLOEXEC, 0)} {}

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
  ask_to_stop();
  thread_.join();
  leave_jobs_to_scheduler();
}

void loop::run_here() {
  run();
  leave_jobs_to_scheduler();
}

void loop::drop_sockets() {
  call([this] { abort_sockets(false); });
  call([this] { // behind it nothing is left of what was cancelled
    put_off_.run(go_on);
    last_.run(go_on);
  });
}

void loop::set_in_place_budget(std::chrono::nanoseconds budget) {
  post([this, budget] { slow_.set_budget(budget); });
}

void loop::ask_to_stop() {
  post([this] { stopping_ = true; });
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

// CAF notes the id of each actor that runs, for its log, at a seventh of what a
// message costs: not when nothing is logged.
caf::actor_system* loop::logged_system() {
  auto& log = system().logger();
  auto used = log.accepts(CAF_LOG_LEVEL_ERROR, caf::atom("wsrelay"));
  return used ? &system() : nullptr;
}

void loop::run() {
  current_loop = this;
  auto* logged = logged_system();
  while (!stopping_) {
    // Each turn anew: a spawn on this thread sets it.
    caf::logger::set_current_actor_system(logged);
    busy_ = take_turn() > 0;
  }
  abort_sockets(false);
  put_off_.run(go_on);
  last_.run(go_on);
  current_loop = nullptr;
}

// Whatever throws is alone with it: the turn goes on.
std::size_t loop::take_turn() {
  auto handled = run_asio() ? std::size_t{1} : 0;
  handled += poller_.poll();
  handled += run_put_off(put_off_, max_time);
  handled += run_actors();
  if (!last_.empty()) { // nobody's output waits for it
    handled += run_put_off(last_, max_last_time);
    handled += run_actors();
  }
  guarded("loop timer", [this] { timers_.fire(now()); });
  return handled;
}

// Those that have become ready, and then all output.
std::size_t loop::run_actors() {
  std::size_t result = 0;
  for (std::size_t i = 0; i < max_rounds && !ready_.empty(); ++i)
    result += run_ready();
  dirty_.run(
      [](loop_task& what) { guarded("loop output", [&] { what.flush(); }); });
  return result;
}

std::size_t loop::run_put_off(call_list<loop_task>& which,
                              std::chrono::nanoseconds limit) {
  if (which.empty()) // the time is not read where there is nothing to do
    return 0;
  return which.run(go_on,
                   [until = now() + limit, this] { return now() < until; });
}

// Asks Asio for what is ready; blocks when there was nothing to do in the last
// turn and nothing came up since.
bool loop::run_asio() {
  if (busy_ || !ready_.empty() || !dirty_.empty() || !put_off_.empty()
      || !last_.empty())
    return poll_asio();
  block();
  return true;
}

bool loop::poll_asio() {
  if (!poll_one())
    return false;
  auto until = now() + max_time; // not read where there is nothing to do
  for (std::size_t i = 1; i < max_handlers && now() < until && poll_one();)
    ++i;
  return true;
}

bool loop::poll_one() {
  auto found = true; // one that throws was there, too
  guarded("loop handler", [&] { found = context_.poll_one() > 0; });
  return found;
}

void loop::block() {
  if (!std::exchange(poller_awaited_, true))
    poller_ready_.async_wait(
        poller_descriptor::wait_read,
        [this](boost::system::error_code) { poller_awaited_ = false; });
  guarded("loop handler", [this] {
    if (timers_.next() == time_point::max())
      context_.run_one();
    else
      context_.run_one_until(timers_.next());
  });
}

void loop::abort_sockets(bool only_idle) {
  // One by one: whoever is dropped may take others along.
  open_sockets asked;
  asked.swap(open_);
  while (!asked.empty()) {
    auto& socket = asked.front();
    asked.pop_front();
    open_.push_back(socket);
    if (!only_idle || socket.is_idle())
      socket.abort();
  }
}

std::size_t loop::run_ready() {
  running_.swap(ready_);
  for (auto* job : running_)
    guarded("actor", [&] { run_job(job); });
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
