// Which targets a loop no longer runs in place, because one of them holding the
// loop stalls every connection on it.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/resumable.hpp>

#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

namespace wsrelay {

/// Watches how long targets hold one loop. A run over the budget makes a target
/// a suspect: it may as well have been the kernel that took the processor away.
/// Of a suspect's runs that is taken off, and one that is over the budget still
/// (it computed or it blocked) makes it slow for good; some clean runs clear
/// it. Loop thread only.
class slow_targets {
public:
  explicit slow_targets(std::chrono::nanoseconds budget) : budget_{budget} {}

  void set_budget(std::chrono::nanoseconds budget) { budget_ = budget; }

  /// Returns whether `target` was found slow.
  bool contains(const caf::resumable& target) const {
    return !slow_.empty() && slow_.count(id_of(target)) > 0;
  }

  /// Runs `target` in place and watches it.
  caf::resumable::resume_result run(caf::resumable& target,
                                    caf::execution_unit* unit,
                                    std::size_t max_throughput);

private:
  static std::uint64_t id_of(const caf::resumable& target);

  caf::resumable::resume_result run_suspect(std::uint64_t id,
                                            caf::resumable& target,
                                            caf::execution_unit* unit,
                                            std::size_t max_throughput);
  void add_suspect(std::uint64_t id);
  void add_slow(std::uint64_t id);

  std::chrono::nanoseconds budget_;
  std::unordered_set<std::uint64_t> slow_;
  std::unordered_map<std::uint64_t, unsigned> suspects_; // clean runs left
};

} // namespace wsrelay
