// What a connection tells about itself: its numbers, and who watches it.
#include "actors/answer.hpp"
#include "actors/connection.hpp"
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/pid_text.hpp"
#include "actors/unix_time.hpp"

#include <caf/all.hpp>

#include <utility>

namespace wsrelay {

std::string connection_state::target_text() const {
  if (is_parked())
    return std::string{parked_prefix} + parking_->name();
  auto& owner = owners_.owner();
  return owner ? pid_text(owner.id(), owner.node()) : std::string{};
}

connection_numbers connection_state::numbers() const {
  auto age = std::chrono::duration_cast<milliseconds>(port_->now() - started_);
  return {target_text(),
          age,
          owners_.seq(),
          owners_.bytes(),
          output_.messages(),
          output_.bytes(),
          port_->queued_messages() + (waiting_ ? waiting_->size() : 0),
          port_->queued_bytes() + (waiting_ ? waiting_->bytes() : 0)};
}

connection_stats
connection_state::on_stats(connection_stats_get question) const {
  return {caf::actor_cast<caf::actor>(self_), pid_, numbers(),
          question.with_metadata ? settings_.metadata : shared_buffer{}};
}

connection_report connection_state::on_report(connection_report_get) const {
  auto result =
      limits_.record ? report_of(*limits_.record) : connection_report{};
  result.client_pid = pid_;
  result.remote_address = limits_.remote_address;
  if (limits_.counts)
    result.endpoint = limits_.counts->endpoint;
  result.phase = to_text(phase());
  result.numbers = numbers();
  result.metadata = settings_.metadata;
  result.message_topic = settings_.message_topic;
  result.subprotocol = limits_.subprotocol;
  result.heartbeat_interval = settings_.heartbeat_interval;
  if (groups_)
    result.groups = {groups_->begin(), groups_->end()};
  if (auto end = settings_.expires_at; end != time_point::max())
    result.expires_at =
        unix_time()
        + std::chrono::duration_cast<milliseconds>(end - port_->now());
  return result;
}

connection_phase connection_state::phase() const {
  using enum connection_phase;
  if (this->closing())
    return this->leaving() ? connection_phase::leaving
                           : connection_phase::closing;
  if (is_parked())
    return connection_phase::parked;
  if (!owners_.owner())
    return binding;
  return claims_.is_asked() ? transferring : relaying;
}

// To be called whenever it may have become another one.
void connection_state::note_phase() {
  if (!limits_.counts)
    return;
  auto& phases = limits_.counts->phases;
  if (std::exchange(is_counted_, true))
    phases[static_cast<std::size_t>(phase_)].sub();
  phase_ = phase();
  phases[static_cast<std::size_t>(phase_)].add();
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
