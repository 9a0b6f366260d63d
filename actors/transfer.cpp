// A connection's way from one target to another, and to its first.
#include "actors/caf_compat.hpp"
#include "actors/connection.hpp"
#include "actors/undelivered.hpp"

#include <caf/all.hpp>

namespace wsrelay {

// Without a target the change happens at once, with one it becomes a claim.
void connection_state::apply_control(const ws_control& control, requester who) {
  auto settings = merged(settings_, control, port_->now(), jitter());
  if (!control.target && control.target_pid.empty()) {
    use(std::move(settings));
    change_groups(control.join_groups, control.leave_groups, std::move(who));
    return;
  }
  auto& asked = claims_.begin(
      std::move(settings), port_->now() + limits_.join_timeout, std::move(who));
  asked.join_groups = control.join_groups;
  asked.leave_groups = control.leave_groups;
  if (parking_)
    asked.name = control.is_successor ? parking_->name()
                                      : successor_name(control.target_pid);
  update_wake();
  if (control.target)
    join_claim(control.target);
  else
    resolve_claim(control.target_pid);
}

void connection_state::resolve_claim(const std::string& target_pid) {
  // No timeout: the claim's deadline covers it.
  self_
      ->request<caf::message_priority::high>(limits_.directory, caf::infinite,
                                             directory_get{target_pid})
      .then(
          [this, id = claims_.current()->id](const caf::actor& target) {
            if (claims_.find(id))
              join_claim(target);
          },
          [this, id = claims_.current()->id](caf::error& error) {
            if (claims_.find(id))
              fail_claim(is(error, errc::peer_silent) ? errc::peer_silent
                                                      : errc::no_such_target,
                         end_cause::target_crashed, false, to_text(error));
          });
}

void connection_state::join_claim(caf::actor target) {
  if (target && target == owners_.owner()) { // only the settings change
    if (parking_ && !claims_.current()->name.empty())
      parking_->set_name(claims_.current()->name);
    return commit_claim();
  }
  if (!target || !is_alive(target))
    return fail_claim(errc::target_down, end_cause::target_crashed, false,
                      "the target has ended");
  if (limits_.nodes && !limits_.nodes->reaches(target))
    return fail_claim(errc::no_such_peer, end_cause::target_lost, false,
                      "the target's node is not connected");
  auto& asked = *claims_.current();
  asked.target = std::move(target);
  note(flight_event::asked, asked.target);
  note_phase();
  update_reading();
  self_->monitor(asked.target);
  // No timeout: the claim's deadline covers it.
  self_->request(asked.target, caf::infinite, make_join(asked.settings))
      .then([this, id = asked.id] { on_claim_answer(id, caf::none); },
            [this, id = asked.id](caf::error& error) {
              on_claim_answer(id, error);
            });
}

void connection_state::on_claim_answer(std::uint64_t id,
                                       const caf::error& error) {
  if (!claims_.find(id))
    return;
  // `unexpected_response` is an answer with a value in it: accepted.
  if (!error || error == caf::sec::unexpected_response)
    return commit_claim();
  // A target that ended bounces the join; what it ended with says the monitor.
  if (error == caf::sec::request_receiver_down)
    return;
  fail_claim(errc::target_refused, end_cause::join_refused, false,
             to_text(error));
}

void connection_state::commit_claim() {
  auto won = claims_.take();
  if (won.target) {
    if (owners_.epoch() > 0 && limits_.counts)
      limits_.counts->transfers.add();
    part_from_owner(leave_reason::transferred);
    owners_.take_over(won.target);
    note(flight_event::joined, won.target);
    pressure_ =
        limits_.nodes ? limits_.nodes->pressure_on(won.target) : nullptr;
    heartbeat_.settle();
    if (watch_)
      watch_->on_transfer(owners_.owner(), owners_.seq());
  }
  use(std::move(won.settings));
  if (parking_ && won.target)
    resume(std::move(won.name));
  change_groups(std::move(won.join_groups), won.leave_groups,
                std::move(won.who));
  note_phase();
  update_reading();
  run_waiting_controls();
}

// Its answer tells that everything before has arrived.
void connection_state::part_from_owner(leave_reason why) {
  if (!owners_.owner())
    return;
  if (parking_)
    for (auto& former : owners_.former())
      if (former.target == owners_.owner()) // its last leave counts
        parking_->merge(former.epoch, owners_.epoch());
  ending moved{0, {}, why, {}, end_severity::planned};
  auto parted = [this, epoch = owners_.epoch()] { on_parted(epoch); };
  // No timeout: the monitor tells of the target's end.
  self_
      ->request(owners_.owner(), caf::infinite,
                make_leave(settings_, moved, owners_.last_owned_seq()))
      .then(parted, [parted](caf::error& error) {
        if (error != caf::sec::request_receiver_down)
          parted();
      });
}

void connection_state::on_parted(std::uint64_t epoch) {
  if (parking_)
    parking_->on_parted(epoch);
  if (auto target = owners_.forget(epoch))
    unwatch(target);
  if (parking_ && parking_->end_parting(epoch))
    find_successor();
}

// CAF 0.17.6 drops all monitors of an actor at once.
void connection_state::unwatch(const caf::actor& target) {
  auto is_asked = claims_.is_asked() && claims_.current()->target == target;
  if (!owners_.knows(target) && !is_asked)
    forget(target);
}

// `tell_target`: the join may still be accepted, so the target gets a leave.
void connection_state::fail_claim(errc code, end_cause cause, bool tell_target,
                                  std::string detail) {
  auto lost = claims_.take();
  note(flight_event::refused, static_cast<std::uint64_t>(code));
  if (owners_.owner() && limits_.counts)
    limits_.counts->failed_transfers.add();
  note_phase();
  auto why = make_error(code, std::move(detail));
  if (lost.target) {
    unwatch(lost.target);
    ending back{0, {}, leave_reason::rolled_back, {}, end_severity::planned};
    if (tell_target)
      self_->send(lost.target, make_leave(lost.settings, back, 0));
  }
  if (lost.who)
    lost.who->deliver(std::move(why));
  else if (owners_.owner())
    log_undelivered(self_->system(), pid_.view(), "ws.control", why);
  if (!owners_.owner()) // the first target, or the old one ended meanwhile
    return stay_without(lost, code, cause);
  update_reading();
  update_wake();
  run_waiting_controls();
}

void connection_state::run_waiting_controls() {
  while (!closing()) {
    auto next = claims_.next();
    if (!next)
      return;
    apply_control(next->control, std::move(next->who));
  }
}

} // namespace wsrelay
