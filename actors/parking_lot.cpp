// Places, the oldest first.
#include "actors/parking_lot.hpp"

#include "actors/node_messages.hpp"

#include <caf/send.hpp>

#include <utility>

namespace wsrelay {

std::size_t parking_lot::connections() const {
  std::lock_guard guard{mutex_};
  return places_.size();
}

std::size_t parking_lot::bytes() const {
  std::lock_guard guard{mutex_};
  return bytes_;
}

std::uint64_t parking_lot::enter(const caf::actor& who, std::size_t bytes) {
  std::unique_lock guard{mutex_};
  auto number = ++last_;
  places_.emplace(number, place{who, bytes});
  bytes_ += bytes;
  auto too_many = take_excess();
  guard.unlock();
  tell(too_many);
  return number;
}

void parking_lot::hold(std::uint64_t number, std::size_t bytes) {
  std::unique_lock guard{mutex_};
  auto found = places_.find(number);
  if (found == places_.end())
    return;
  found->second.bytes += bytes;
  bytes_ += bytes;
  auto too_many = take_excess();
  guard.unlock();
  tell(too_many);
}

bool parking_lot::change(std::uint64_t number, const caf::actor& who) {
  std::lock_guard guard{mutex_};
  auto found = places_.find(number);
  if (found == places_.end())
    return false;
  found->second.who = who;
  return true;
}

void parking_lot::leave(std::uint64_t number) {
  std::lock_guard guard{mutex_};
  if (auto gone = places_.extract(number))
    bytes_ -= gone.mapped().bytes;
}

// What they hold is given back soon.
parking_lot::excess parking_lot::take_excess() {
  excess result;
  while (places_.size() > max_connections_
         || (bytes_ > max_bytes_ && !places_.empty())) {
    auto oldest = places_.extract(places_.begin());
    bytes_ -= oldest.mapped().bytes;
    result.emplace_back(oldest.key(), std::move(oldest.mapped().who));
  }
  return result;
}

// Without the lock.
void parking_lot::tell(const excess& all) {
  for (auto& [number, who] : all)
    caf::anon_send(who, connection_unpark{number});
}

parked_place::parked_place(std::shared_ptr<parking_lot> lot,
                           const caf::actor& who, std::size_t bytes)
    : lot_{std::move(lot)}, number_{lot_ ? lot_->enter(who, bytes) : 0} {}

parked_place::~parked_place() {
  if (lot_)
    lot_->leave(number_);
}

parked_place::parked_place(parked_place&& other) noexcept
    : lot_{std::move(other.lot_)}, number_{other.number_} {}

parked_place& parked_place::operator=(parked_place&& other) noexcept {
  std::swap(lot_, other.lot_);
  std::swap(number_, other.number_);
  return *this;
}

void parked_place::hold(std::size_t bytes) {
  if (lot_)
    lot_->hold(number_, bytes);
}

bool parked_place::give_to(const caf::actor& who) {
  return !lot_ || lot_->change(number_, who);
}

} // namespace wsrelay
