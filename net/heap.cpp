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
#include <utility>

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

void give_back_free(const std::vector<loop*>& loops) {
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
  return {resident_bytes, give_back_free};
}

// -- rule ---------------------------------------------------------------------

bool trim_rule::should_trim(time_point now, const heap_sight& seen) {
  then_.sockets = std::max(then_.sockets, seen.sockets);
  then_.resident = std::min(then_.resident, seen.resident);
  auto is_time =
      is_quiet(seen.traffic) && now >= not_before_ && may_help(now, seen);
  if (is_time) {
    once_more_ = has_lost_sockets(seen);
    then_ = seen;
    before_ = seen.resident;
  }
  return is_time;
}

bool trim_rule::is_quiet(std::uint64_t traffic) {
  auto since = traffic - std::exchange(last_, traffic);
  peak_ = std::max(peak_, since);
  return peak_ > 0 && since <= peak_ / 4;
}

// What lives is not given back, and what is freed later does not show: it stays
// resident.
bool trim_rule::may_help(time_point now, const heap_sight& seen) const {
  if (seen.resident >= then_.resident + small)
    return true;
  if (seen.resident < lowest_ || seen.resident - lowest_ < small)
    return false;
  return once_more_ || has_lost_sockets(seen)
         || (seen.traffic - then_.traffic) >> in_vain_
                >= seen.resident - lowest_
         || now - tried_ >= patience * (1 << in_vain_);
}

void trim_rule::trimmed(time_point begin, time_point end,
                        std::size_t resident) {
  constexpr int most_in_vain = 10;
  auto helped = resident + small <= before_;
  in_vain_ = helped ? 0 : std::min(in_vain_ + 1, most_in_vain);
  then_.resident = resident;
  lowest_ = std::min(lowest_, resident);
  tried_ = end;
  not_before_ = end + rarely * (end - begin);
}

// -- keeper -------------------------------------------------------------------

heap_keeper::heap_keeper(std::vector<loop*> loops, heap_system system,
                         periods often)
    : loops_{std::move(loops)},
      system_{std::move(system)},
      often_{often},
      rule_{system_.resident()} {
  loops_.front()->call([this] { set_timer(false); });
}

heap_keeper::~heap_keeper() {
  auto& home = *loops_.front();
  home.call([&] { home.set_timer(*this, time_point::max()); });
  if (thread_.joinable())
    thread_.join();
}

void heap_keeper::set_timer(bool is_busy) {
  auto& home = *loops_.front();
  home.set_timer(*this, home.now() + (is_busy ? often_.busy : often_.idle));
}

heap_sight heap_keeper::look() const {
  heap_sight seen{system_.resident(), 0, 0};
  for (auto* each : loops_) {
    seen.traffic += each->traffic();
    seen.sockets += each->socket_count;
  }
  return seen;
}

void heap_keeper::on_timer() {
  auto seen = look();
  set_timer(std::exchange(traffic_, seen.traffic) != seen.traffic);
  if (!gives_back_ && rule_.should_trim(loops_.front()->now(), seen))
    give_back();
}

void heap_keeper::give_back() {
  if (thread_.joinable())
    thread_.join();
  gives_back_ = true;
  try {
    thread_ = std::thread{[this] {
      auto begin = std::chrono::steady_clock::now();
      system_.trim(loops_);
      rule_.trimmed(begin, std::chrono::steady_clock::now(),
                    system_.resident());
      gives_back_ = false;
    }};
  } catch (const std::system_error&) { // there are no threads left
    gives_back_ = false;
  }
}

} // namespace wsrelay
