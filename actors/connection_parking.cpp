// A connection whose target has ended, from then until another one has joined.
#include "actors/connection.hpp"
#include "actors/last_words.hpp"
#include "actors/log.hpp"
#include "actors/log_limit.hpp"
#include "protocol/topic.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <chrono>

namespace wsrelay {

namespace {

// Whether a client that has gone like this is still heard. Who waited in vain
// is not, nor is anybody when the node ends.
bool leaves_words(end_cause cause) noexcept {
  switch (cause) {
    case end_cause::client_closed:
    case end_cause::connection_lost:
    case end_cause::protocol_error:
    case end_cause::timeout:
    case end_cause::slow_consumer:
    case end_cause::too_fast:
    case end_cause::closed_by_actor:
    case end_cause::node_drains:
    case end_cause::session_expired:
      return true;
    default:
      return false;
  }
}

} // namespace

bool connection_state::parks(end_cause cause) const {
  return parking_ && parking_->covers(cause);
}

bool connection_state::is_parked() const {
  return parking_ && parking_->is_parked();
}

bool connection_state::redelivers() const {
  return parking_ && parking_->options().redeliver;
}

bool connection_state::may_go_on(end_cause cause) const {
  if (cause == end_cause::target_lost && !owners_.window().all_answered()
      && !redelivers())
    return false; // what was under way may never have arrived
  if (parking_ && parking_->failed_again(owners_.epoch(), cause))
    return false; // it would end the next one, too
  return claims_.current() || parks(cause);
}

// A claim that is under way decides: it takes the connection over, or nobody is
// left.
void connection_state::lose_owner(end_cause cause) {
  auto goes_on = may_go_on(cause);
  if (parking_)
    parking_->owe(owners_.epoch()); // counted also where it ends
  if (!goes_on)
    return end(cause);
  self_->send(owners_.owner(), make_leave(settings_, make_ending(cause),
                                          owners_.last_owned_seq()));
  owners_.lose(cause);
  note_phase();
  if (!claims_.current())
    park(cause);
  update_reading();
}

// It says so itself, and still takes what is under way to it. What it says
// meanwhile of the connection, new metadata for one, is to be in the next
// join, so that one is looked for when it is done.
void connection_state::part_from_stopping(end_cause cause) {
  auto epoch = owners_.epoch();
  part_from_owner(leave_reason::shutdown);
  owners_.part(cause);
  note_phase();
  park(cause, epoch);
  update_reading();
}

// What it has not answered is the next one's, which may have to come yet.
// Returns whether the connection goes on.
bool connection_state::lose_former(const caf::actor_addr& who,
                                   end_cause cause) {
  auto was_awaited = false;
  if (parking_)
    for (auto& former : owners_.former())
      if (former.target == who) {
        parking_->owe(former.epoch);
        was_awaited = parking_->end_parting(former.epoch) || was_awaited;
      }
  auto owed = owners_.forget(who);
  if (was_awaited)
    find_successor();
  if (redelivers() && owners_.owner() && owners_.owner() != who)
    redeliver();
  return redelivers() || !owed || cause != end_cause::target_lost;
}

void connection_state::park(end_cause how,
                            std::optional<std::uint64_t> parting) {
  parking_->begin(how, port_->now(), caf::actor_cast<caf::actor>(self_));
  if (limits_.flows)
    ++limits_.flows->parked;
  if (limits_.counts)
    limits_.counts->parked.add();
  note(flight_event::parked, static_cast<std::uint64_t>(how));
  note_phase();
  static auto& lines = *new log_limit; // actors may end after main
  if (auto left_out =
          lines.allow(to_text(how), std::chrono::steady_clock::now()))
    log(log_part::connection)
        .info("connection parked: pid={} client={} cause={} messages={} "
              "unanswered={}{}",
              pid_.view(), limits_.remote_address, to_text(how), owners_.seq(),
              parking_->unanswered(), suppressed_text(*left_out));
  tell_client("relay.parked",
              fmt::format(R"({{"reason":"{}","unanswered":{}}})",
                          park_word(how), parking_->unanswered()));
  if (closing()) // it does not read
    return;
  if (parting)
    parking_->await_parting(
        *parting,
        port_->now()
            + std::min(limits_.join_timeout, parking_->options().time / 2));
  else
    find_successor();
  update_wake();
}

void connection_state::find_successor() {
  auto number = parking_->begin_search();
  if (parking_->name().empty() || !limits_.lot || !limits_.lot->successors())
    return;
  // No timeout: the parking has an end.
  self_
      ->request(limits_.lot->successors(), caf::infinite,
                successor_get{parking_->name()})
      .then([this,
             number](const caf::actor& found) { on_successor(number, found); },
            [](caf::error&) {});
}

// A claim that is under way comes first.
void connection_state::on_successor(std::uint64_t search,
                                    const caf::actor& found) {
  if (closing() || !parking_ || !parking_->searches(search))
    return;
  parking_->end_search();
  if (claims_.current()) {
    parking_->search_soon(port_->now());
    return update_wake();
  }
  auto& asked = claims_.begin(settings_, port_->now() + limits_.join_timeout,
                              std::nullopt);
  asked.name = parking_->name();
  asked.is_successor = true;
  update_wake();
  join_claim(found);
}

// A claim came to nothing, and there is no owner. The first target, too, may
// have ended, or has refused: then nobody follows it.
void connection_state::stay_without(const claim& failed, errc code,
                                    end_cause cause) {
  auto is_first = owners_.epoch() == 0;
  auto how = is_first ? cause : owners_.lost_how();
  auto may_wait = parks(how) && (!is_first || code == errc::target_down);
  if (!is_parked() && !may_wait)
    return end(how);
  if (!is_parked())
    park(how);
  else if (failed.is_successor)
    parking_->put_search_off(port_->now());
  else
    parking_->search_soon(port_->now());
  update_reading();
  update_wake();
  run_waiting_controls();
}

// The client sends on; what is read is for the next target.
void connection_state::hold(message_type type, shared_buffer data) {
  if (!is_parked())
    return;
  parking_->hold(type, std::move(data));
  update_reading();
}

// Another target has joined.
void connection_state::resume(std::string name) {
  parking_->set_name(std::move(name));
  if (is_parked()) {
    if (limits_.flows)
      ++limits_.flows->resumed;
    note(flight_event::resumed, std::uint64_t{parking_->waiting()});
    log(log_part::connection)
        .debug("connection resumed: pid={} target={} messages={}", pid_.view(),
               parking_->name(), parking_->waiting());
    tell_client("relay.resumed",
                fmt::format(R"({{"messages":{}}})", parking_->waiting()));
    if (closing()) // it does not read
      return;
  }
  parking_->end();
  redeliver();
  for (auto& each : parking_->take_held())
    pass_on(each.type, std::move(each.data));
}

void connection_state::redeliver() {
  for (auto& each : parking_->take_owed()) {
    owners_.on_again(each.seq);
    parking_->on_sent(owners_.epoch(), each.seq, each.type, each.data,
                      static_cast<std::uint8_t>(each.again + 1));
    auto answered = [this, seq = each.seq](const caf::error& error) {
      if (parking_ && error != caf::sec::request_receiver_down)
        parking_->on_answered(seq);
    };
    auto message = make_message(each.seq, each.type, std::move(each.data));
    message.redelivered = true;
    // No timeout: the monitor tells of the target's end.
    self_->request(owners_.owner(), caf::infinite, std::move(message))
        .then([answered] { answered({}); },
              [answered](caf::error& error) { answered(error); });
  }
}

// Where the route says so.
void connection_state::tell_client(std::string_view topic,
                                   std::string_view data) {
  if (!parking_->options().events)
    return;
  auto text = make_envelope(topic, data);
  if (!text)
    return;
  ws_send message{message_type::text, shared_buffer{std::move(*text)}};
  if (!admit(message))
    pass(message, std::nullopt);
}

void connection_state::on_unpark(const connection_unpark& message) {
  if (closing() || !is_parked() || parking_->place() != message.place)
    return;
  if (limits_.flows)
    ++limits_.flows->unparked;
  parking_->set_fate("evicted");
  end(parking_->how());
}

// Returns whether it still waits.
bool connection_state::stays_parked(time_point now) {
  if (now >= parking_->over_at()) {
    if (limits_.flows)
      ++limits_.flows->park_over;
    parking_->set_fate("over");
    end(parking_->how());
    return false;
  }
  if (now >= parking_->search_at() && claims_.current())
    parking_->search_soon(now);
  else if (now >= parking_->search_at())
    find_successor();
  return true;
}

// The connection ends. Returns what the log says of it: whether it was parked,
// and how many messages nobody gets.
std::string connection_state::leave_parking(end_cause cause) {
  auto parked = std::exchange(parking_, nullptr);
  if (!parked)
    return {};
  auto result =
      parked->is_parked() ? fmt::format(" parking={}", parked->fate()) : "";
  if (parked->waiting() > 0 && leaves_words(cause) && !parked->name().empty()
      && limits_.lot)
    say_last_words(*parked);
  else if (auto left = parked->left())
    result += fmt::format(" lost={}", left);
  return result;
}

void connection_state::say_last_words(parking& parked) {
  if (!parked.is_parked()) // a transfer would have replaced the lost owner
    parked.begin(owners_.lost_how(), port_->now(),
                 caf::actor_cast<caf::actor>(self_));
  auto words = std::make_shared<last_words>();
  auto add = [&](kept_message& each, bool again) {
    auto& added = words->messages.emplace_back(
        make_message(each.seq, each.type, std::move(each.data)));
    added.redelivered = again;
  };
  for (auto& each : parked.take_owed())
    add(each, true);
  for (auto& each : parked.take_held()) {
    owners_.window().send(each.data.size());
    each.seq = owners_.seq();
    add(each, false);
  }
  words->join = make_join(settings_);
  words->leave = make_leave(settings_, *ending_, words->messages.back().seq);
  words->redelivers = parked.options().redeliver;
  words->name = parked.name();
  words->successors = limits_.lot->successors();
  words->patience =
      std::chrono::duration_cast<milliseconds>(parked.over_at() - port_->now());
  words->join_timeout = limits_.join_timeout;
  words->place = parked.take_place();
  // Not on the loop: there may be many messages.
  self_->home_system().spawn(bring_last_words, std::move(words));
}

} // namespace wsrelay
