// A connection's way from one target to another, and to its first.
#include "actors/caf_compat.hpp"
#include "actors/connection.hpp"
#include "actors/error.hpp"
#include "protocol/duration.hpp"
#include "protocol/json.hpp"
#include "protocol/pid.hpp"
#include "protocol/topic.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

caf::error connection_state::check(const ws_control& control) const {
  if (control.target && !control.target_pid.empty())
    return make_error(errc::invalid_message, "a target and a target_pid");
  if (!control.target_pid.empty())
    if (auto target = parse_target(control.target_pid); !target)
      return make_error(errc::no_such_target, target.error().what);
  if (control.message_topic)
    if (auto topic = check_message_topic(*control.message_topic); !topic)
      return make_error(errc::invalid_topic, topic.error().what);
  if (auto interval = control.heartbeat_interval)
    if (interval->count() < 0 || *interval > max_duration)
      return make_error(errc::invalid_interval, "must be 0 to one year");
  if (!control.metadata)
    return caf::none;
  if (control.metadata->size() > config_.max_metadata)
    return make_error(errc::message_too_big, "over the limit of metadata");
  if (auto json = check_json_object(control.metadata->view()); !json)
    return make_error(errc::invalid_json, json.error().what);
  return caf::none;
}

relay_settings connection_state::merged(const ws_control& control) const {
  auto result = settings_;
  if (control.message_topic)
    result.message_topic = *control.message_topic;
  if (control.heartbeat_interval)
    result.heartbeat_interval = *control.heartbeat_interval;
  if (control.metadata)
    result.metadata = *control.metadata;
  return result;
}

// Without a target the change happens at once, with one it becomes a claim.
void connection_state::apply_control(
    const ws_control& control, std::optional<caf::response_promise> requester) {
  auto settings = merged(control);
  if (!control.target && control.target_pid.empty()) {
    use(std::move(settings));
    if (requester)
      requester->deliver(caf::unit);
    return;
  }
  claim_ = std::make_unique<claim>(
      claim{++last_claim_, nullptr, std::move(settings),
            port_->now() + config_.join_timeout, std::move(requester)});
  update_wake();
  if (control.target)
    join_claim(control.target);
  else
    resolve_claim(control.target_pid);
}

void connection_state::resolve_claim(const std::string& target_pid) {
  // No timeout: the claim's deadline covers it.
  self_->request(config_.directory, caf::infinite, directory_get{target_pid})
      .then(
          [this, id = claim_->id](const caf::actor& target) {
            if (claim_ && claim_->id == id)
              join_claim(target);
          },
          [this, id = claim_->id](caf::error& error) {
            if (claim_ && claim_->id == id)
              fail_claim(is(error, errc::peer_silent) ? errc::peer_silent
                                                      : errc::no_such_target,
                         end_cause::target_crashed, false, to_text(error));
          });
}

void connection_state::join_claim(caf::actor target) {
  if (target == owner_) // a move to where it is: only the settings change
    return commit_claim();
  if (!is_alive(target))
    return fail_claim(errc::target_down, end_cause::target_crashed, false,
                      "the target has ended");
  if (config_.is_reachable && !config_.is_reachable(target))
    return fail_claim(errc::no_such_peer, end_cause::target_lost, false,
                      "the target's node is not connected");
  claim_->target = std::move(target);
  update_reading();
  self_->monitor(claim_->target);
  // No timeout: the claim's deadline covers it.
  self_
      ->request(claim_->target, caf::infinite,
                ws_join{caf::actor_cast<caf::actor>(self_), pid_,
                        claim_->settings.metadata})
      .then([this, id = claim_->id] { on_claim_answer(id, caf::none); },
            [this, id = claim_->id](caf::error& error) {
              on_claim_answer(id, error);
            });
}

void connection_state::on_claim_answer(std::uint64_t id,
                                       const caf::error& error) {
  if (!claim_ || claim_->id != id)
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
  auto won = std::move(claim_);
  if (won->target) {
    if (owner_)
      part_from_owner();
    owner_ = won->target;
    ++owner_epoch_;
    owned_from_ = seq_ + 1;
    window_.reset(seq_);
    heartbeat_open_ = false;
    if (watch_)
      watch_->on_transfer(owner_, seq_);
  }
  use(std::move(won->settings));
  if (won->requester)
    won->requester->deliver(caf::unit);
  update_reading();
  run_waiting_controls();
}

// Its answer tells that everything before has arrived.
void connection_state::part_from_owner() {
  ending moved{0, {}, leave_reason::transferred, {}, false};
  forget_former(owner_.address()); // the last leave counts
  former_owners_.push_back({owner_epoch_, owner_});
  auto parted = [this, epoch = owner_epoch_] { on_parted(epoch); };
  // No timeout: the monitor tells of the target's end.
  self_
      ->request(owner_, caf::infinite,
                make_leave(settings_, moved, last_owned_seq()))
      .then(parted, [parted](caf::error& error) {
        if (error != caf::sec::request_receiver_down)
          parted();
      });
}

void connection_state::on_parted(std::uint64_t epoch) {
  for (auto& former : former_owners_)
    if (former.epoch == epoch) {
      auto target = former.target;
      forget_former(target.address());
      return unwatch(target);
    }
}

// Returns whether there was something to forget.
bool connection_state::forget_former(const caf::actor_addr& who) {
  return std::erase_if(former_owners_,
                       [&](auto& former) { return former.target == who; })
         > 0;
}

// CAF 0.17.6 drops all monitors of an actor at once.
void connection_state::unwatch(const caf::actor& target) {
  auto is_former = [&](auto& former) { return former.target == target; };
  if (target != owner_ && !(claim_ && claim_->target == target)
      && std::none_of(former_owners_.begin(), former_owners_.end(), is_former))
    forget(target);
}

// `tell_target`: the join may still be accepted, so the target gets a leave.
void connection_state::fail_claim(errc code, end_cause cause, bool tell_target,
                                  std::string detail) {
  auto lost = std::move(claim_);
  if (lost->target) {
    unwatch(lost->target);
    ending back{0, {}, leave_reason::rolled_back, {}, false};
    if (tell_target)
      send_leave(lost->target, lost->settings, back, 0);
  }
  if (lost->requester)
    lost->requester->deliver(make_error(code, std::move(detail)));
  if (!owner_) // the first target, or the old one ended meanwhile
    return end(owner_epoch_ == 0 ? cause : owner_end_);
  update_reading();
  update_wake();
  run_waiting_controls();
}

void connection_state::run_waiting_controls() {
  while (!claim_ && !closing() && !waiting_controls_.empty()) {
    auto next = std::move(waiting_controls_.front());
    waiting_controls_.erase(waiting_controls_.begin());
    apply_control(next.control, std::move(next.requester));
  }
}

// A new interval counts from now, an unchanged one goes on.
void connection_state::use(relay_settings settings) {
  auto changed = settings.heartbeat_interval != settings_.heartbeat_interval
                 || next_heartbeat_ == time_point::max();
  settings_ = std::move(settings);
  if (changed)
    next_heartbeat_ = settings_.heartbeat_interval.count() > 0
                          ? port_->now() + settings_.heartbeat_interval
                          : time_point::max();
  update_wake();
}

} // namespace wsrelay
