// What another node is still to be told of names; no actor, sends nothing.
#pragma once

#include "actors/messages.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace wsrelay {

/// Most names that nodes tell each other in one message: others that ask the
/// directory wait for so many at most.
inline constexpr std::size_t max_name_batch = 500;

/// Names of this node that are put at another one and taken back there, in
/// their order, a batch at a time. What gathers meanwhile is the next one.
/// Bounded by what this node's program does while that one is connected.
class name_feed {
public:
  struct batch {
    bool takes_back;
    std::vector<directory_entry> entries; // 1 to `max_name_batch`
  };

  void put(directory_entry what) {
    waiting_.push_back({false, std::move(what)});
  }
  void take_back(directory_entry what) {
    waiting_.push_back({true, std::move(what)});
  }

  /// Returns what is said next; nothing when nothing waits, or before `settle`.
  /// Who has ended meanwhile is nobody's any more.
  std::optional<batch> next();

  /// What `next` has returned was answered.
  void settle() noexcept { under_way_ = false; }

private:
  struct change {
    bool takes_back;
    directory_entry what;
  };

  void drop_ended();

  std::deque<change> waiting_;
  bool under_way_ = false;
};

} // namespace wsrelay
