// A loop: one thread that waits for sockets and is a CAF execution unit, so
// that the socket callbacks and the messages of a connection run on one thread.
#pragma once

#include "actors/counter.hpp"
#include "actors/loop_actor.hpp"
#include "net/loop/call_list.hpp"
#include "net/loop/loop_context.hpp"
#include "net/loop/loop_door.hpp"
#include "net/loop/output_queue.hpp"
#include "net/loop/poller.hpp"
#include "net/loop/slow_targets.hpp"

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace wsrelay {

class socket_places;

/// Something with work for the end of the loop's turn, or for the next turn.
class loop_task {
public:
  /// Sends output that has gathered.
  virtual void flush() = 0;

  /// Goes on with what was put off.
  virtual void go_on() = 0;

protected:
  ~loop_task() = default;
};

/// A socket that the node closes when it stops. In its loop's list from its
/// construction to its end.
class open_socket
    : public boost::intrusive::list_base_hook<
          boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
  /// Drops the socket, without a word to the client.
  virtual void abort() = 0;

  /// Whether nobody waits for anything but a next request: such a socket is
  /// dropped as soon as the node stops.
  virtual bool is_idle() const = 0;

  /// Where it has a place, null = nowhere.
  virtual const socket_places* place_at() const noexcept { return nullptr; }

protected:
  ~open_socket() = default;
};

/// What a loop does, in numbers: written on its thread, read by any.
struct loop_counts {
  duration_histogram turns; // from waking up to the next wait
  counter in_place;         // runs of targets on the loop
  counter handed_over;      // and of slow ones, by the scheduler
  counter queued;           // bytes that wait for the kernel, now
};

/// A turn: the loop waits, unless something is left to do; whatever is ready,
/// sockets and then actors, runs once; all output is flushed; the same for
/// those that give way. What was ready together goes out together: many small
/// messages with one call per socket. A lone message takes three: wait, read,
/// write.
class loop final : public event_loop, public loop_context {
public:
  /// Rounds of ready actors in one turn: a reply needs two or three. Output
  /// waits until the turn ends, so they are bounded.
  static constexpr std::size_t max_rounds = 16;

  /// Posted functions in one turn, for the same reason.
  static constexpr std::size_t max_handlers = 256;

  /// In one turn, for what was put off, and for posted functions: beyond it
  /// they wait for the next turn, after sockets that have become ready.
  static constexpr std::chrono::milliseconds max_time{2};

  /// In one turn, for those that give way, but for the first of them, and for
  /// freeing what broken sockets had to send.
  static constexpr std::chrono::microseconds max_last_time{500};

  /// Bytes that come before they are answered, within a turn: while they are in
  /// the processor's cache. 16 messages of 16 KiB under way on each of 100
  /// connections took half as much again when all were read first.
  static constexpr std::size_t max_unanswered = 256 * 1024;

  /// Messages one actor handles before the next one gets its turn.
  static constexpr std::size_t max_throughput = 256;

  /// Bytes that one read takes at most.
  static constexpr std::size_t scratch_size = 64 * 1024;

  loop(caf::actor_system& system, std::chrono::nanoseconds in_place_budget);
  ~loop() override;

  /// Starts the thread.
  void start(std::string thread_name);

  /// Runs on the calling thread, until `ask_to_stop`.
  void run_here();

  /// Makes the thread end after the turn it is in. Any thread.
  void ask_to_stop();

  /// Ends the thread after the turn it is in. Actors that become ready later
  /// run on CAF's scheduler. Not from the loop's own thread.
  void stop();

  /// Drops all open sockets and waits until it has happened, and all that was
  /// posted or put off before. Not from the loop's own thread.
  /// Those with a place in `spared` stay.
  void drop_sockets(const std::vector<const socket_places*>& spared = {});

  /// Sets how long a target may hold the loop. Any thread.
  void set_in_place_budget(std::chrono::nanoseconds budget);

  /// Returns whether the calling thread is the loop's.
  bool runs_here() const noexcept;

  /// Queues an actor. On the loop's thread a target runs here, in place; from
  /// elsewhere the loop is woken.
  void exec_later(caf::resumable* job) override;

  /// Runs `what` on the loop's thread, waits, and returns its result or throws
  /// what it threw. Not from the loop's own thread.
  template <class Function>
  auto call(Function what) {
    using task_type = std::packaged_task<decltype(what())()>;
    auto task = std::make_shared<task_type>(std::move(what));
    auto result = task->get_future();
    post([task] { (*task)(); });
    return result.get();
  }

  // loop_context
  void post(std::function<void()> what) override;

  /// Returns the way to this loop for those who may outlive it. Any thread.
  const std::shared_ptr<loop_door>& door() const noexcept { return door_; }

  // Loop thread only.
  void flush_later(loop_task& what) { dirty_.add(what); }
  void go_on_later(loop_task& what) { put_off_.add(what); }
  /// As `go_on_later`, behind all others and for a short while in each turn:
  /// work that strangers cause.
  void go_on_last(loop_task& what) { last_.add(what); }
  void forget(loop_task& what) {
    dirty_.forget(what);
    put_off_.forget(what);
    last_.forget(what);
  }

  /// The timer fires up to one per cent of its delay late, 128 ms at most, so
  /// that the timers of many connections share one wake-up.
  void set_timer(loop_timer& timer, time_point when) override {
    timers_.set(timer, to_coarse(now(), when));
  }
  time_point now() const noexcept override {
    return std::chrono::steady_clock::now();
  }

  /// Watches sockets.
  poller& sockets() noexcept { return poller_; }

  /// Memory for one read, of `scratch_size` bytes, valid until the caller
  /// returns to the loop.
  char* scratch() noexcept { return scratch_.get(); }

  /// Bytes came, or left.
  void count_traffic(std::size_t bytes) noexcept {
    traffic_.store(traffic_.load(std::memory_order_relaxed) + bytes,
                   std::memory_order_relaxed);
  }

  /// Returns how many bytes have come and left. Any thread.
  std::uint64_t traffic() const noexcept { return traffic_; }

  /// Bytes wait for the kernel where `before` did. Loop thread only.
  void count_queued(std::size_t before, std::size_t now) noexcept {
    counts_.queued.add(now - before);
  }

  const loop_counts& counts() const noexcept { return counts_; }

  /// Memory of empty output queues.
  spare_pieces& spare() noexcept { return spare_; }

  /// Adds a socket to those the node closes when it stops.
  void add(open_socket& socket) { open_.push_back(socket); }

  /// Adds one that is dropped when the loop ends, not before.
  void add_until_end(open_socket& socket) { until_end_.push_back(socket); }

  /// Drops all open sockets, or those that are idle.
  void abort_sockets(bool only_idle);

  /// Sockets that were dealt to this loop and are not closed. Any thread; for
  /// choosing a loop.
  std::atomic<std::size_t> socket_count{0};

private:
  using open_sockets =
      boost::intrusive::list<open_socket,
                             boost::intrusive::constant_time_size<false>>;

  template <class Spares>
  static void abort_all(open_sockets& which, Spares spares);
  void run();
  void take_turn();
  std::chrono::milliseconds time_to_wait();
  bool has_work() const noexcept;
  void run_posted();
  void run_put_off(call_list<loop_task>& which, std::chrono::nanoseconds limit);
  void run_actors();
  void answer_much();
  void run_ready();
  void run_job(caf::resumable* job);
  caf::actor_system* logged_system();
  void knock();
  void take_what_came();
  void leave_jobs_to_scheduler();

  loop_timers timers_;
  slow_targets slow_;
  std::vector<caf::resumable*> ready_;
  std::vector<caf::resumable*> running_;
  call_list<loop_task> dirty_;
  call_list<loop_task> put_off_;
  call_list<loop_task> last_;
  poller poller_;
  std::unique_ptr<char[]> scratch_{new char[scratch_size]};
  spare_pieces spare_;
  open_sockets open_;
  open_sockets until_end_;
  std::atomic<std::uint64_t> traffic_{0};
  loop_counts counts_;
  std::uint64_t answered_ = 0; // traffic, when output was sent last
  bool stopping_ = false;      // loop thread only

  std::atomic<bool> knocked_{false}; // somebody has left something
  std::atomic<bool> asleep_{false};  // or is about to be: has to be woken
  std::mutex remote_mutex_;
  std::vector<caf::resumable*> remote_; // guarded by remote_mutex_
  bool closed_ = false;                 // guarded by remote_mutex_

  // Last, so that what functions hold that were never called is destroyed while
  // the rest is there.
  std::vector<std::function<void()>> posted_; // guarded by remote_mutex_
  std::deque<std::function<void()>> calls_;   // loop thread only
  std::shared_ptr<loop_door> door_{std::make_shared<loop_door>(*this)};
  std::thread thread_;
};

} // namespace wsrelay
