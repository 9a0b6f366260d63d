// A loop: one thread that is an Asio event loop and a CAF execution unit, so
// that the socket callbacks and the messages of a connection run on one thread.
#pragma once

#include "actors/loop_actor.hpp"
#include "net/loop_timer.hpp"
#include "net/slow_targets.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace wsrelay {

/// Something with output that the loop sends at the end of its turn.
class flushable {
public:
  virtual void flush() = 0;

protected:
  ~flushable() = default;
};

class gathered_socket;

/// Runs ready handlers and ready actors until none is left (at most
/// `max_turn`), then flushes all output, then blocks.
class loop final : public event_loop {
public:
  /// Handlers in one turn. Output waits until the turn ends, so it is bounded;
  /// a limit of 512 was measured to flush too early with an actor in the path.
  static constexpr std::size_t max_turn = 4096;

  /// Messages one actor handles before the next one gets its turn.
  static constexpr std::size_t max_throughput = 256;

  loop(caf::actor_system& system, std::chrono::nanoseconds in_place_budget);
  ~loop() override;

  /// Starts the thread.
  void start(std::string thread_name);

  /// Ends the thread after the turn it is in. Actors that become ready later
  /// run on CAF's scheduler. Not from the loop's own thread.
  void stop();

  /// Queues an actor. On the loop's thread a target runs here, in place; from
  /// elsewhere the loop is woken.
  void exec_later(caf::resumable* job) override;

  /// Runs a function on the loop's thread. Any thread.
  void post(std::function<void()> what);

  boost::asio::io_context& context() noexcept { return context_; }

  // Loop thread only.
  void flush_later(flushable& what) { dirty_.push_back(&what); }
  void forget(flushable& what);
  void set_timer(loop_timer& timer, time_point when) {
    timers_.set(timer, when);
  }
  time_point now() const noexcept { return std::chrono::steady_clock::now(); }

  /// Every open socket of the loop. Loop thread only.
  std::vector<gathered_socket*>& sockets() noexcept { return sockets_; }

  /// Number of open sockets. Any thread; for choosing a loop.
  std::atomic<std::size_t> socket_count{0};

private:
  void run();
  void turn();
  void flush_all();
  void block();
  std::size_t run_ready();
  void run_job(caf::resumable* job);
  void take_remote_jobs();
  void leave_jobs_to_scheduler();

  loop_timers timers_;
  slow_targets slow_;
  std::vector<caf::resumable*> ready_;
  std::vector<caf::resumable*> running_;
  std::vector<flushable*> dirty_;
  std::vector<flushable*> flushing_;
  std::vector<gathered_socket*> sockets_;

  std::mutex remote_mutex_;
  std::vector<caf::resumable*> remote_; // guarded by remote_mutex_
  bool closed_ = false;                 // guarded by remote_mutex_
  bool stopping_ = false;               // loop thread only

  // Last, so that handlers left in it, and the sockets they hold, are destroyed
  // while the rest is there.
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work_;
  std::thread thread_;
};

} // namespace wsrelay
