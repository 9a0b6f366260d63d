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
    running_.swap(next_);
    auto count = running_.size();
    for (std::size_t i = 0; i < running_.size(); ++i)
      if (auto* what = running_[i])
        call(*what);
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
