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
/// `GLIBC_TUNABLES`). Before there are threads, or loops at least;
/// once in a process is enough.
void keep_freed_memory();

/// Whether it is time for a look at what is free: traffic has fallen to a
/// quarter of its peak.
class quiet_rule {
public:
  /// Looks without any traffic: a process with nothing to do does nothing.
  static constexpr int idle_looks = 6;

  /// Notes the bytes that came and left since the last call.
  bool is_quiet(std::uint64_t traffic) {
    peak_ = std::max(peak_, traffic);
    idle_ = traffic > 0 ? 0 : std::min(idle_ + 1, idle_looks + 1);
    return peak_ > 0 && traffic <= peak_ / 4 && idle_ <= idle_looks;
  }

private:
  std::uint64_t peak_ = 0;
  int idle_ = 0; // calls without traffic
};

/// Whether what is free is worth giving back.
class trim_rule {
public:
  /// Bytes that are not.
  static constexpr std::size_t small = 2 * 1024 * 1024;

  /// So many bytes are free, and yet resident.
  bool should_trim(std::size_t free) {
    left_ = std::min(left_, free);
    return free - left_ >= small;
  }

  /// So many are still there behind it: they cannot go.
  void trimmed(std::size_t free) { left_ = free; }

private:
  std::size_t left_ = 0;
};

/// What the keeper asks of the system; in tests something else.
struct heap_system {
  /// Returns the bytes that are free and yet resident. Any thread.
  std::function<std::size_t()> free_bytes;
  /// Gives them back, also those on top of the heaps of these loops' threads.
  /// Takes milliseconds; not on a loop's thread.
  std::function<void(const std::vector<loop*>& loops)> trim;
};

/// The system's own. Linux and glibc.
heap_system make_heap_system();

/// Lives on a loop, whose turns do not wait for it: a thread of its own looks
/// and gives back, when traffic is low.
class heap_keeper final : private loop_timer {
public:
  /// How often it looks, with traffic since the last look and without.
  struct periods {
    std::chrono::milliseconds busy = std::chrono::seconds{2};
    std::chrono::milliseconds idle = std::chrono::seconds{5};
  };

  /// Looks at the traffic of these loops; the first one is its own.
  /// @pre Not on a loop's thread. The loops outlive it.
  heap_keeper(std::vector<loop*> loops, heap_system system, periods often);
  ~heap_keeper();

  heap_keeper(const heap_keeper&) = delete;
  heap_keeper& operator=(const heap_keeper&) = delete;

private:
  void on_timer() override;
  void set_timer(bool is_busy);
  std::uint64_t take_traffic();
  void look();

  std::vector<loop*> loops_;
  const heap_system system_;
  const periods often_;
  quiet_rule quiet_;
  std::uint64_t seen_ = 0; // traffic, at the last look
  std::atomic<bool> is_looking_{false};
  trim_rule rule_; // the thread's
  std::thread looking_;
};

} // namespace wsrelay
