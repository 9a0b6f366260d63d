// What the process keeps of the memory that it has freed, and when it gives it
// back to the kernel: between bursts, not within them. A page that is given
// back costs a fault when it is used again, which on some machines is more than
// everything else that happens to 16 KiB.
#pragma once

#include "net/loop/loop.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace wsrelay {

/// Makes glibc's malloc keep what is freed until `heap_keeper` gives it back.
/// Does nothing where the environment sets a threshold for trimming
/// (`MALLOC_TRIM_THRESHOLD_`, or `glibc.malloc.trim_threshold` in
/// `GLIBC_TUNABLES`). Any thread; once in a process is enough.
void keep_freed_memory();

/// What is known of a process without asking its heap, which would wait for it.
struct heap_sight {
  std::size_t resident = 0;  // bytes of the process
  std::uint64_t traffic = 0; // bytes that have come and left, ever
  std::size_t sockets = 0;   // that are open
};

/// Decides when to give back: memory is there to be freed when traffic has
/// fallen to a quarter of its peak, and then only where it can help, since
/// malloc stands still meanwhile: the process has grown, or many sockets have
/// gone, or so much has come and left since, or so much time has passed, that
/// nothing need be left of what there was. What belonged to sockets may be
/// freed a while after they have gone: it is tried twice.
class trim_rule {
public:
  /// Bytes that are not worth it.
  static constexpr std::size_t small = 2 * 1024 * 1024;

  /// Of its time malloc stands still for one part in so many.
  static constexpr int rarely = 100;

  /// What lives is tried again after this time, twice it when that was in vain,
  /// and so on.
  static constexpr std::chrono::minutes patience{1};

  /// So many bytes are resident before anything has happened.
  explicit trim_rule(std::size_t resident) : lowest_{resident} {
    then_.resident = resident;
  }

  /// A look at the process. Returns whether it is time.
  bool should_trim(time_point now, const heap_sight& seen);

  /// It took from `begin` to `end`, and so much is resident then.
  void trimmed(time_point begin, time_point end, std::size_t resident);

private:
  bool is_quiet(std::uint64_t traffic);
  bool may_help(time_point now, const heap_sight& seen) const;
  bool has_lost_sockets(const heap_sight& seen) const {
    return seen.sockets + then_.sockets / 8 < then_.sockets;
  }

  std::uint64_t last_ = 0; // traffic, at the last look
  std::uint64_t peak_ = 0; // of what came between two looks
  heap_sight then_; // when it was given back last; the most sockets since
  std::size_t before_ = 0; // bytes that were resident before it was
  std::size_t lowest_;     // bytes, behind it, ever
  int in_vain_ = 0; // times that little was given back, one after the other
  time_point not_before_{};
  time_point tried_{};     // when it was given back last
  bool once_more_ = false; // sockets had gone then
};

/// What the keeper asks of the system; in tests something else.
struct heap_system {
  /// Returns how many bytes of the process are in memory. Any thread.
  std::function<std::size_t()> resident;
  /// Gives back what is free, also on top of the heaps of these loops' threads.
  /// Takes milliseconds, or many where there is much; not on a loop's thread.
  std::function<void(const std::vector<loop*>& loops)> trim;
};

/// The system's own. Linux and glibc.
heap_system make_heap_system();

/// Looks from a loop; a thread of its own gives back.
class heap_keeper final : private loop_timer {
public:
  /// How often it looks, with traffic since the last look and without.
  struct periods {
    std::chrono::milliseconds busy = std::chrono::seconds{2};
    std::chrono::milliseconds idle = std::chrono::seconds{5};
  };

  /// Looks at these loops; the first one is its own.
  /// @pre Not on a loop's thread. The loops outlive it.
  heap_keeper(std::vector<loop*> loops, heap_system system, periods often);
  ~heap_keeper();

  heap_keeper(const heap_keeper&) = delete;
  heap_keeper& operator=(const heap_keeper&) = delete;

private:
  void on_timer() override;
  void set_timer(bool is_busy);
  heap_sight look() const;
  void give_back();

  std::vector<loop*> loops_;
  const heap_system system_;
  const periods often_;
  std::uint64_t traffic_ = 0; // at the last look
  trim_rule rule_;            // the thread's, while it gives back
  std::atomic<bool> gives_back_{false};
  std::thread thread_;
};

} // namespace wsrelay
