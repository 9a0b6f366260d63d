// Things a loop calls once, later in its turn.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace wsrelay {

/// Pointers in order. What is added during `run` is for the next `run`; what
/// ends before its call is taken out with `forget`. One thread.
template <class T>
class call_list {
public:
  void add(T& what) { next_.push_back(&what); }

  bool empty() const noexcept { return next_.empty(); }

  /// Calls `call` with everything that was added and returns their number.
  template <class F>
  std::size_t run(F call) {
    return run(call, [] { return true; });
  }

  /// The same for as long as `may_go_on`, which is asked after each call; the
  /// others are first in the next `run`.
  template <class F, class MayGoOn>
  std::size_t run(F call, MayGoOn may_go_on) {
    running_.swap(next_);
    std::size_t count = 0;
    for (bool goes_on = true; goes_on && count < running_.size();)
      if (auto* what = running_[count++]) {
        call(*what);
        goes_on = may_go_on();
      }
    if (count < running_.size()) {
      next_.insert(next_.begin(),
                   running_.begin() + static_cast<std::ptrdiff_t>(count),
                   running_.end());
      std::erase(next_, nullptr);
    }
    running_.clear();
    return count;
  }

  void forget(const T& what) {
    std::erase(next_, &what);
    std::replace(running_.begin(), running_.end(), const_cast<T*>(&what),
                 static_cast<T*>(nullptr));
  }

private:
  std::vector<T*> next_;
  std::vector<T*> running_;
};

} // namespace wsrelay
