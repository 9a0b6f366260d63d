// Requests that wait until the kernel has taken their bytes.
#pragma once

#include <caf/error.hpp>
#include <caf/response_promise.hpp>
#include <caf/unit.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace wsrelay {

/// Promises by the number of the message they wait for, in order. Owns no
/// memory while nobody waits; bounded by the output limit of the connection.
class pending_writes {
  using entry = std::pair<std::uint64_t, caf::response_promise>;

public:
  void add(std::uint64_t number, caf::response_promise promise) {
    waiting_.emplace_back(number, std::move(promise));
  }

  /// Answers everybody up to message `number`.
  void complete(std::uint64_t number) {
    while (first_ < waiting_.size() && waiting_[first_].first <= number)
      waiting_[first_++].second.deliver(caf::unit);
    if (first_ == waiting_.size())
      clear();
    else if (first_ > waiting_.size() / 2) // each is moved once at most
      drop_answered();
  }

  /// Returns the bytes of memory that those who wait cost.
  std::size_t cost() const noexcept {
    return waiting_.capacity() * sizeof(entry);
  }

  /// Answers everybody with an error.
  void fail(const caf::error& why) {
    for (; first_ < waiting_.size(); ++first_)
      waiting_[first_].second.deliver(why);
    clear();
  }

private:
  void drop_answered() {
    waiting_.erase(waiting_.begin(),
                   waiting_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  void clear() {
    std::vector<entry>{}.swap(waiting_);
    first_ = 0;
  }

  std::vector<entry> waiting_;
  std::size_t first_ = 0; // everything before is answered
};

} // namespace wsrelay
