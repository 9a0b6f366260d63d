// What a service counts: of each endpoint on each loop, and of those who were
// refused.
#pragma once

#include "actors/relay_counts.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// The counts of a service. Any thread.
class traffic_ledger {
public:
  using refusal_counts = std::map<std::string, std::uint64_t, std::less<>>;

  /// Returns counts of an endpoint for one loop: some that nobody writes any
  /// more, or new ones.
  std::shared_ptr<relay_counts> add(const std::string& endpoint);

  /// Forgets what nobody writes any more of endpoints that are not among these.
  void keep(const std::set<std::string_view>& endpoints);

  /// Returns all that were made.
  std::vector<std::shared_ptr<const relay_counts>> all() const;

  /// A request was refused by this check: words of the code's own.
  void add_refusal(std::string_view check);

  refusal_counts refusals() const;

private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<relay_counts>> counts_;
  refusal_counts refusals_;
};

/// What one loop has of it. Loop thread only.
class loop_ledger {
public:
  explicit loop_ledger(std::shared_ptr<traffic_ledger> all)
      : all_{std::move(all)} {}

  /// Returns the counts of an endpoint on this loop.
  const std::shared_ptr<relay_counts>& of(const std::string& endpoint);

private:
  std::shared_ptr<traffic_ledger> all_;
  std::map<std::string, std::shared_ptr<relay_counts>> mine_;
};

} // namespace wsrelay
