// glibc's malloc: mallopt(3), malloc_trim(3).
#include "net/heap.hpp"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <system_error>

namespace wsrelay {

namespace {

constexpr int mebibyte = 1024 * 1024;

// Bytes of the process in memory.
std::size_t resident_bytes() {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
      std::fopen("/proc/self/statm", "re"), std::fclose};
  unsigned long size = 0, resident = 0;
  if (!file || std::fscanf(file.get(), "%lu %lu", &size, &resident) != 2)
    return 0;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// What is not the heap's is taken for free: it is always as much.
std::size_t free_bytes() {
  auto heap = ::mallinfo2();
  auto used = heap.uordblks + heap.hblkhd;
  auto resident = resident_bytes();
  return resident - std::min(resident, used);
}

// Both spellings of the setting.
bool has_settings() {
  auto* threshold = std::getenv("MALLOC_TRIM_THRESHOLD_");
  auto* tunables = std::getenv("GLIBC_TUNABLES");
  return (threshold && *threshold)
         || (tunables && std::strstr(tunables, "malloc.trim_threshold"));
}

void keep_on_top(int threshold, int padding) {
  ::mallopt(M_TRIM_THRESHOLD, threshold);
  ::mallopt(M_TOP_PAD, padding);
}

// What is free on top of a thread's heap goes when that thread frees something
// long, and not with malloc_trim.
void free_something_long() {
  void* volatile what = std::malloc(mebibyte / 4); // or the compiler drops both
  std::free(what);
}

void give_back(const std::vector<loop*>& loops) {
  if (!has_settings())
    keep_on_top(mebibyte / 8, 0);
  ::malloc_trim(0);
  for (auto* each : loops)
    each->call(free_something_long);
  keep_freed_memory();
}

} // namespace

// The largest threshold there is for a mapping of its own. With the padding no
// thread's heap of 64 MiB is unmapped.
void keep_freed_memory() {
  if (!has_settings()) {
    ::mallopt(M_MMAP_THRESHOLD, 32 * mebibyte);
    keep_on_top(256 * mebibyte, 64 * mebibyte);
  }
}

heap_system make_heap_system() {
  return {free_bytes, give_back};
}

// -- keeper -------------------------------------------------------------------

heap_keeper::heap_keeper(std::vector<loop*> loops, heap_system system,
                         periods often)
    : loops_{std::move(loops)}, system_{std::move(system)}, often_{often} {
  loops_.front()->call([this] { set_timer(false); });
}

heap_keeper::~heap_keeper() {
  auto& home = *loops_.front();
  home.call([&] { home.set_timer(*this, time_point::max()); });
  if (looking_.joinable())
    looking_.join();
}

void heap_keeper::set_timer(bool is_busy) {
  auto& home = *loops_.front();
  home.set_timer(*this, home.now() + (is_busy ? often_.busy : often_.idle));
}

std::uint64_t heap_keeper::take_traffic() {
  std::uint64_t sum = 0;
  for (auto* each : loops_)
    sum += each->traffic();
  return sum - std::exchange(seen_, sum);
}

void heap_keeper::on_timer() {
  auto traffic = take_traffic();
  set_timer(traffic > 0);
  if (quiet_.is_quiet(traffic) && !is_looking_)
    look();
}

// To count what is free takes long where it is in many pieces.
void heap_keeper::look() {
  if (looking_.joinable())
    looking_.join();
  is_looking_ = true;
  try {
    looking_ = std::thread{[this] {
      if (rule_.should_trim(system_.free_bytes())) {
        system_.trim(loops_);
        rule_.trimmed(system_.free_bytes());
      }
      is_looking_ = false;
    }};
  } catch (const std::system_error&) { // there are no threads left
    is_looking_ = false;
  }
}

} // namespace wsrelay
