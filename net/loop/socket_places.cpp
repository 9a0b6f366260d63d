// Counting.
#include "net/loop/socket_places.hpp"

namespace wsrelay {

void socket_places::give_back() {
  if (--taken_ == 0 && awaited_) {
    std::unique_lock guard{mutex_};
    empty_.notify_all();
  }
}

bool socket_places::wait_until_empty(
    std::chrono::steady_clock::time_point deadline) {
  awaited_ = true;
  std::unique_lock guard{mutex_};
  return empty_.wait_until(guard, deadline, [this] { return taken_ == 0; });
}

} // namespace wsrelay
