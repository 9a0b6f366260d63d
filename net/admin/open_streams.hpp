// The event streams of an admin listener that are open.
#pragma once

#include "net/admin/event_source.hpp"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace wsrelay {

/// Any thread.
class open_streams {
public:
  void add(const std::shared_ptr<event_queue>& stream) {
    std::lock_guard guard{mutex_};
    std::erase_if(all_, [](auto& each) { return each.expired(); });
    all_.push_back(stream);
  }

  /// Ends them: who reads has to ask again.
  void end_all() {
    std::lock_guard guard{mutex_};
    for (auto& each : std::exchange(all_, {}))
      if (auto stream = each.lock())
        stream->end();
  }

private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<event_queue>> all_;
};

} // namespace wsrelay
