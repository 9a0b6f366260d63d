// Actors that want one name, in their order.
#pragma once

#include <caf/actor.hpp>
#include <caf/node_id.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace wsrelay {

/// An actor in line for a name.
struct claimant {
  caf::actor who;
  caf::node_id by; // the node that put it; none = this one
};

/// A line. There are very many of one actor: it takes no memory beside its own.
class name_line {
public:
  bool empty() const noexcept { return !first_.who; }

  std::size_t size() const noexcept {
    return empty() ? 0 : 1 + (others_ ? others_->size() : 0);
  }

  /// @pre place < size()
  claimant& operator[](std::size_t place) noexcept {
    return place == 0 ? first_ : (*others_)[place - 1];
  }
  const claimant& operator[](std::size_t place) const noexcept {
    return place == 0 ? first_ : (*others_)[place - 1];
  }

  /// Returns the first place that `matches`, or `size()`.
  template <class Predicate>
  std::size_t find(Predicate matches) const {
    std::size_t place = 0;
    while (place < size() && !matches((*this)[place]))
      ++place;
    return place;
  }

  /// @pre place <= size()
  void insert(std::size_t place, claimant who) {
    if (place == 0)
      std::swap(first_, who);
    if (!who.who)
      return;
    if (!others_)
      others_ = std::make_unique<std::vector<claimant>>();
    auto before = static_cast<std::ptrdiff_t>(place == 0 ? 0 : place - 1);
    others_->insert(others_->begin() + before, std::move(who));
  }

  /// @pre place < size()
  void erase(std::size_t place) {
    if (!others_)
      return void(first_ = {});
    if (place == 0)
      first_ = std::move(others_->front());
    others_->erase(others_->begin()
                   + static_cast<std::ptrdiff_t>(place == 0 ? 0 : place - 1));
    if (others_->empty())
      others_ = nullptr;
  }

private:
  claimant first_;
  std::unique_ptr<std::vector<claimant>> others_; // null = none
};

} // namespace wsrelay
