// Actors and heaps.
#include "test/cluster_storm/remains.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wsrelay::cluster_storm {

namespace {

constexpr milliseconds usage_limit{10'000};

// CAF's clock keeps the timeouts of answered requests until they are due.
constexpr milliseconds heap_patience{30'000};

// Growth of a node's heap from the warm-up to the end, however long the storm
// is: tables, and what threads keep of freed memory. Up to 190 were seen, and
// 490 where connections park, whether 80 of them or 450; a kilobyte that each
// of the long storm's transfers leaves would be more.
constexpr std::size_t max_left_kib = 768;

} // namespace

bool remains::await_nodes(const caf::actor& directory) {
  return clients_.turn_until(usage_limit, [&] {
    return ask_usage(directory, "relay1") && ask_usage(directory, "app1")
           && ask_usage(directory, "app2");
  });
}

void remains::note(const caf::actor& directory) {
  for (auto where : {"relay1", "app1"})
    if (auto now = without_actors(directory, where))
      warm_[where] = now->heap;
}

std::string remains::judge(const caf::actor& directory) {
  for (auto where : {"relay1", "app1", "app2"})
    without_actors(directory, where);
  std::string result;
  for (auto& [where, before] : warm_)
    result += judge_heap(directory, where, before);
  return result;
}

// Returns what a node uses when no actor is left that it did not start with.
std::optional<usage> remains::without_actors(const caf::actor& directory,
                                             const std::string& where) {
  std::optional<usage> now;
  clients_.turn_until(usage_limit, [&] {
    now = ask_usage(directory, where);
    return now && now->actors == 0;
  });
  expect(now.has_value(), where + " does not say what it uses");
  expect(!now || now->actors == 0,
         fmt::format("actors left: {} more run on {} than at its start",
                     now ? now->actors : 0, where));
  return now;
}

std::string remains::judge_heap(const caf::actor& directory,
                                const std::string& where,
                                std::uint64_t before) {
  std::optional<std::size_t> left;
  auto is_flat = [&] {
    if (auto now = ask_usage(directory, where))
      left = (now->heap - std::min(now->heap, before)) / 1024;
    return left && *left <= max_left_kib;
  };
  auto flat = clients_.turn_until(heap_patience, is_flat);
  expect(flat,
         fmt::format("heap not flat: {} KiB are left on {}, at most {} may be",
                     left.value_or(0), where, max_left_kib));
  return fmt::format(" {}={}+{}KiB", where, before / 1024, left.value_or(0));
}

void remains::expect(bool condition, const std::string& otherwise) {
  if (!condition)
    violations_.push_back(otherwise);
}

} // namespace wsrelay::cluster_storm
