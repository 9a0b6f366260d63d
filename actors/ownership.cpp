// Epochs.
#include "actors/ownership.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay {

void ownership::on_answer(std::uint64_t epoch,
                          const send_window::mark& until) noexcept {
  if (epoch == epoch_)
    window_.answer(until);
}

void ownership::on_return(std::uint64_t epoch,
                          const send_window::mark& until) noexcept {
  if (epoch == epoch_)
    window_.give_back(until);
}

void ownership::take_over(caf::actor next) {
  if (owner_)
    step_back();
  owner_ = std::move(next);
  ++epoch_;
  owned_from_ = seq() + 1;
  owned_again_ = 0;
  window_.reset();
}

void ownership::step_back() {
  auto owes = forget(owner_.address()) || !window_.all_answered();
  former_.push_front(
      {epoch_, std::move(owner_), owes}); // its last leave counts
  owner_ = nullptr;
}

void ownership::part(end_cause how) {
  lost_how_ = how;
  step_back();
}

void ownership::lose(end_cause how) noexcept {
  lost_how_ = how;
  owner_ = nullptr;
}

void ownership::clear() noexcept {
  owner_ = nullptr;
  former_.clear();
}

caf::actor ownership::forget(std::uint64_t epoch) {
  for (auto& each : former_)
    if (each.epoch == epoch) {
      auto target = each.target;
      forget(target.address());
      return target;
    }
  return nullptr;
}

bool ownership::forget(const caf::actor_addr& who) {
  auto owed = false;
  former_.remove_if([&](auto& each) {
    auto found = each.target == who;
    owed = owed || (found && each.owes);
    return found;
  });
  return owed;
}

bool ownership::knows(const caf::actor& who) const noexcept {
  return owner_ == who
         || std::any_of(former_.begin(), former_.end(),
                        [&](auto& each) { return each.target == who; });
}

} // namespace wsrelay
