// The loop's turn.
#include "net/loop/loop.hpp"

#include "net/loop/guard.hpp"

#include <caf/actor_system.hpp>
#include <caf/atom.hpp>
#include <caf/logger.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <pthread.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace wsrelay {

namespace {

thread_local loop* current_loop = nullptr;

void go_on(loop_task& what) {
  guarded("loop task", [&] { what.go_on(); });
}

} // namespace

loop::loop(caf::actor_system& system, std::chrono::nanoseconds in_place_budget)
    : event_loop(&system), slow_{in_place_budget} {}

loop::~loop() {
  stop();
  door_->close();
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

void loop::drop_sockets(const std::vector<const socket_places*>& spared) {
  call([this, &spared] {
    abort_all(open_, [&](const open_socket& each) {
      return std::find(spared.begin(), spared.end(), each.place_at())
             != spared.end();
    });
  });
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
  {
    std::unique_lock guard{remote_mutex_};
    posted_.push_back(std::move(what));
  }
  knock();
}

bool loop::runs_here() const noexcept {
  return current_loop == this;
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
  guard.unlock();
  knock();
}

// Either the loop sees the knock before it sleeps, or it is seen sleeping.
void loop::knock() {
  knocked_ = true;
  if (asleep_.exchange(false))
    poller_.wake();
}

void loop::take_what_came() {
  if (!knocked_.load(std::memory_order_relaxed) || !knocked_.exchange(false))
    return;
  std::unique_lock guard{remote_mutex_};
  ready_.insert(ready_.end(), remote_.begin(), remote_.end());
  remote_.clear();
  std::move(posted_.begin(), posted_.end(), std::back_inserter(calls_));
  posted_.clear();
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
    take_turn();
  }
  abort_sockets(false);
  abort_all(until_end_, [](auto&) { return false; });
  put_off_.run(go_on);
  last_.run(go_on);
  current_loop = nullptr;
}

// Whatever throws is alone with it: the turn goes on.
void loop::take_turn() {
  time_point begin;
  poller_.poll(
      time_to_wait(), [&] { begin = now(); }, [this] { answer_much(); });
  asleep_.store(false, std::memory_order_relaxed);
  run_posted();
  run_put_off(put_off_, max_time);
  run_actors();
  if (!last_.empty()) { // nobody's output waits for it
    run_put_off(last_, max_last_time);
    run_actors();
  }
  if (spare_.has_spent())
    spare_.free_some(now() + max_last_time);
  counts_.turns.add(now() - begin);
  // What was due when the turn began: sockets that had something then were
  // read.
  guarded("loop timer", [&] { timers_.fire(begin); });
}

// A whole number of milliseconds: to wake up too early would be to spin.
std::chrono::milliseconds loop::time_to_wait() {
  using std::chrono::milliseconds;
  if (has_work())
    return milliseconds{0};
  asleep_ = true;
  if (knocked_)
    return milliseconds{0};
  auto next = timers_.next();
  if (next == time_point::max())
    return milliseconds{-1};
  return std::max(milliseconds{0},
                  std::chrono::ceil<milliseconds>(next - now()));
}

bool loop::has_work() const noexcept {
  return !calls_.empty() || !ready_.empty() || !dirty_.empty()
         || !put_off_.empty() || !last_.empty() || spare_.has_spent();
}

void loop::run_posted() {
  take_what_came();
  if (calls_.empty()) // the time is not read where there is nothing to do
    return;
  auto until = now() + max_time;
  std::size_t count = 0;
  do {
    auto what = std::move(calls_.front());
    calls_.pop_front();
    guarded("loop handler", what);
  } while (!calls_.empty() && ++count < max_handlers && now() < until);
}

void loop::run_put_off(call_list<loop_task>& which,
                       std::chrono::nanoseconds limit) {
  if (!which.empty())
    which.run(go_on, [until = now() + limit, this] {
      answer_much();
      return now() < until;
    });
}

// Those that have become ready, and then all output.
void loop::run_actors() {
  for (std::size_t i = 0; i < max_rounds && !ready_.empty(); ++i)
    run_ready();
  dirty_.run(
      [](loop_task& what) { guarded("loop output", [&] { what.flush(); }); });
  answered_ = traffic();
}

void loop::answer_much() {
  if (traffic() - answered_ >= max_unanswered)
    run_actors();
}

void loop::abort_sockets(bool only_idle) {
  abort_all(open_, [&](const open_socket& each) {
    return only_idle && !each.is_idle();
  });
}

// One by one: whoever is dropped may take others along.
template <class Spares>
void loop::abort_all(open_sockets& which, Spares spares) {
  open_sockets asked;
  asked.swap(which);
  while (!asked.empty()) {
    auto& socket = asked.front();
    asked.pop_front();
    which.push_back(socket);
    if (!spares(socket))
      socket.abort();
  }
}

void loop::run_ready() {
  running_.swap(ready_);
  for (auto* job : running_)
    guarded("actor", [&] { run_job(job); });
  running_.clear();
}

void loop::run_job(caf::resumable* job) {
  auto is_target = job->subtype() == caf::resumable::scheduled_actor;
  if (is_target && slow_.contains(*job)) {
    counts_.handed_over.add();
    return system().scheduler().enqueue(job);
  }
  if (is_target)
    counts_.in_place.add();
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
