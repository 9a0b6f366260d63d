// Counting.
#include "net/loop/socket_places.hpp"

namespace wsrelay {

bool socket_places::try_take() {
  if (taken_.fetch_add(1) < limit_)
    return true;
  --taken_;
  return false;
}

// One that is given back between the first try and the note is found by the
// second.
bool socket_places::take() {
  if (try_take())
    return true;
  wanted_ = true;
  if (!try_take())
    return false;
  wanted_ = false;
  return true;
}

void socket_places::give_back() {
  auto left = --taken_;
  if (wanted_.exchange(false))
    for (auto& wake : wakers_)
      wake();
  if (left == 0 && awaited_) {
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
