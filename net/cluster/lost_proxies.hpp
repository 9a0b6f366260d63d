// Actors of nodes that are lost: all are out of reach at once, and end a few at
// a time. There may be a hundred thousand, and each tells who monitors it.
#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <utility>

namespace wsrelay {

/// The broker's thread, but for `gathers`.
class lost_proxies {
public:
  /// How many end in one go: as many as take a loop a millisecond, about.
  static constexpr std::size_t at_once = 256;

  /// From now on proxies that are killed are added here, or not any more.
  void gather(bool on) noexcept { gathers_ = on; }
  bool gathers() const noexcept { return gathers_; }

  void add(caf::strong_actor_ptr proxy, caf::error reason) {
    waiting_.emplace_back(std::move(proxy), std::move(reason));
  }

  /// Calls `end` with the next ones. Returns whether there are more.
  template <class End>
  bool end_some(End end) {
    for (auto left = at_once; left > 0 && !waiting_.empty(); --left) {
      auto [proxy, reason] = std::move(waiting_.front());
      waiting_.pop_front();
      end(proxy, std::move(reason));
    }
    return !waiting_.empty();
  }

private:
  std::atomic<bool> gathers_{false};
  std::deque<std::pair<caf::strong_actor_ptr, caf::error>> waiting_;
};

} // namespace wsrelay
