// How slow targets are found.
#include "net/loop/slow_targets.hpp"

#include "actors/log.hpp"
#include "net/loop/unique_fd.hpp"

#include <caf/abstract_actor.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace wsrelay {

namespace {

using clock = std::chrono::steady_clock;

// Ids of ended actors stay behind: forgetting everything at this size is
// harmless, who is slow is found again.
constexpr std::size_t max_entries = 1024;

// Runs within the budget after which a suspect is cleared.
constexpr unsigned clean_runs = 16;

// Returns how long this thread has wanted the processor while others had it, by
// the kernel's account: the second figure of /proc/PID/schedstat. 0 where it
// keeps none.
std::chrono::nanoseconds time_in_line() {
  std::array<char, 64> text{};
  unique_fd file{::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)};
  if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0)
    return {};
  char* rest = nullptr;
  std::strtoull(text.data(), &rest, 10);
  return std::chrono::nanoseconds{std::strtoull(rest, nullptr, 10)};
}

} // namespace

std::uint64_t slow_targets::id_of(const caf::resumable& target) {
  auto* actor = dynamic_cast<const caf::abstract_actor*>(&target);
  return actor ? actor->id() : 0;
}

caf::resumable::resume_result slow_targets::run(caf::resumable& target,
                                                caf::execution_unit* unit,
                                                std::size_t max_throughput) {
  if (!suspects_.empty())
    if (auto id = id_of(target); suspects_.count(id) > 0)
      return run_suspect(id, target, unit, max_throughput);
  auto start = clock::now();
  auto result = target.resume(unit, max_throughput);
  if (clock::now() - start > budget_)
    add_suspect(id_of(target));
  return result;
}

caf::resumable::resume_result
slow_targets::run_suspect(std::uint64_t id, caf::resumable& target,
                          caf::execution_unit* unit,
                          std::size_t max_throughput) {
  auto waited = time_in_line();
  auto start = clock::now();
  auto result = target.resume(unit, max_throughput);
  auto took = clock::now() - start;
  auto own = took - (time_in_line() - waited);
  if (own > budget_)
    add_slow(id);
  else if (took <= budget_ && --suspects_[id] == 0)
    suspects_.erase(id);
  return result;
}

void slow_targets::add_suspect(std::uint64_t id) {
  if (suspects_.size() >= max_entries)
    suspects_.clear();
  suspects_[id] = clean_runs;
}

void slow_targets::add_slow(std::uint64_t id) {
  if (slow_.size() >= max_entries)
    slow_.clear();
  slow_.insert(id);
  suspects_.erase(id);
  log().info("target runs on the scheduler from now on: actor={} reason=slow",
             id);
}

} // namespace wsrelay
