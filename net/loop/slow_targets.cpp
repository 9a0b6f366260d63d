// How slow targets are found.
#include "net/loop/slow_targets.hpp"

#include "actors/log.hpp"

#include <caf/abstract_actor.hpp>

#include <sys/resource.h>
#include <time.h>

namespace wsrelay {

namespace {

using clock = std::chrono::steady_clock;

// Ids of ended actors stay behind: forgetting everything at this size is
// harmless, who is slow is found again.
constexpr std::size_t max_entries = 1024;

// Runs within the budget after which a suspect is cleared.
constexpr unsigned clean_runs = 16;

// What the kernel booked on this thread.
struct account {
  std::chrono::nanoseconds cpu;
  long blocked; // voluntary context switches
};

account thread_account() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return {std::chrono::seconds{time.tv_sec}
              + std::chrono::nanoseconds{time.tv_nsec},
          usage.ru_nvcsw};
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
  auto before = thread_account();
  auto start = clock::now();
  auto result = target.resume(unit, max_throughput);
  auto took = clock::now() - start;
  auto after = thread_account();
  auto own_doing =
      after.cpu - before.cpu > budget_ || after.blocked != before.blocked;
  if (took > budget_ && own_doing)
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
