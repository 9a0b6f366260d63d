// What a connection tells about itself: its numbers, and who watches it.
#include "actors/answer.hpp"
#include "actors/connection.hpp"
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/pid_text.hpp"

#include <caf/all.hpp>

namespace wsrelay {

std::string connection_state::target_text() const {
  if (is_parked())
    return std::string{parked_prefix} + parking_->name();
  auto& owner = owners_.owner();
  return owner ? pid_text(owner.id(), owner.node()) : std::string{};
}

connection_stats connection_state::on_stats(connection_stats_get) const {
  auto age = std::chrono::duration_cast<milliseconds>(port_->now() - started_);
  return {caf::actor_cast<caf::actor>(self_),
          pid_,
          {target_text(), age, owners_.seq(), owners_.bytes(),
           output_.messages(), output_.bytes(),
           port_->queued_messages() + (waiting_ ? waiting_->size() : 0),
           port_->queued_bytes() + (waiting_ ? waiting_->bytes() : 0)}};
}

caf::result<void> connection_state::on_watch(const ws_watch& message) {
  if (closing())
    return answer(self_, make_error(errc::closing));
  if (!watch_)
    watch_ = std::make_unique<traffic_watch>(self_, pid_);
  auto added = watch_->add(message);
  if (watch_->empty())
    watch_.reset();
  return answer(self_, std::move(added));
}

// CAF 0.17.6 drops all monitors of an actor at once, also that of a watcher.
void connection_state::forget(const caf::actor& target) {
  self_->demonitor(target);
  if (watch_ && !closing() && watch_->has(target))
    self_->monitor(target);
}

} // namespace wsrelay
