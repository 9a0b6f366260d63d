// Knocks at each loop.
#include "net/loop/loop_check.hpp"

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace wsrelay {

namespace {

// Shared with the loops: one may answer when nobody waits any more.
struct open_answers {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t left;
};

} // namespace

bool take_turns(const std::vector<loop*>& loops, milliseconds limit) {
  auto answers = std::make_shared<open_answers>();
  answers->left = loops.size();
  for (auto* each : loops)
    each->post([answers] {
      std::unique_lock guard{answers->mutex};
      --answers->left;
      answers->changed.notify_all();
    });
  std::unique_lock guard{answers->mutex};
  return answers->changed.wait_for(guard, limit,
                                   [&] { return answers->left == 0; });
}

} // namespace wsrelay
