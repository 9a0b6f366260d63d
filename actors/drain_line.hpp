// Whose turn it is to close while a node drains.
#pragma once

#include "actors/frame_port.hpp"

#include <caf/actor.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

namespace wsrelay {

/// Deals a span of time evenly to actors in random order: each gets a uniformly
/// random moment of it, and no moment gets many.
class drain_line {
public:
  drain_line() = default;

  /// `seed` orders them.
  drain_line(std::vector<caf::actor> all, time_point begin,
             time_point::duration span, std::uint32_t seed)
      : all_{std::move(all)}, begin_{begin}, span_{span} {
    std::shuffle(all_.begin(), all_.end(), std::minstd_rand{seed});
  }

  /// Returns those whose time has come by `now`, each of them once.
  std::vector<caf::actor> take_due(time_point now) {
    auto part = span_.count() > 0 ? static_cast<double>((now - begin_).count())
                                        / static_cast<double>(span_.count())
                                  : 1.0;
    auto count = static_cast<double>(all_.size()) * std::clamp(part, 0.0, 1.0);
    std::vector<caf::actor> result;
    for (; static_cast<double>(next_) < count; ++next_)
      result.push_back(std::exchange(all_[next_], nullptr));
    return result;
  }

  bool done() const noexcept { return next_ == all_.size(); }

private:
  std::vector<caf::actor> all_;
  time_point begin_{};
  time_point::duration span_{};
  std::size_t next_ = 0;
};

} // namespace wsrelay
