// A connection's output: what goes to the socket, what waits, what is dropped.
#include "actors/answer.hpp"
#include "actors/connection.hpp"
#include "actors/log.hpp"
#include "actors/log_limit.hpp"
#include "protocol/topic.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <bit>

namespace wsrelay {

namespace {

caf::error dropped_error(std::string_view why) {
  return make_error(errc::dropped, std::string{why});
}

} // namespace

// `who` waits for it; null = nobody. Some are timed.
void connection_state::give(const ws_send& message,
                            const caf::response_promise* who) {
  auto is_timed = limits_.counts && limits_.counts->may_time_write();
  auto number = port_->write(message.type, message.data, who || is_timed);
  if (who)
    output_.waiting().add(number, *who);
  if (is_timed)
    limits_.counts->begin_write(this, number, port_->now());
}

caf::result<void> connection_state::write(const ws_send& message) {
  if (auto error = admit(message))
    return error;
  auto promise = promise_to_requester(self_);
  pass(message, promise);
  return later(promise);
}

// Makes room for it. Returns why there is none.
caf::error connection_state::admit(const ws_send& message) {
  if (closing() && !leaving())
    return make_error(errc::closing);
  switch (make_room(message)) {
    case output_gate::verdict::too_big:
      return make_error(errc::message_too_big, "over the output limit");
    case output_gate::verdict::full:
      return refuse_output();
    case output_gate::verdict::pass:
      break;
  }
  return {};
}

// @pre it was admitted
void connection_state::pass(const ws_send& message, const requester& who) {
  output_.count(message.data.size());
  if (auto& counts = limits_.counts) {
    counts->messages_out.add();
    counts->bytes_out.add(message.data.size());
  }
  if (watch_)
    watch_->on_message(traffic_kind::out, output_.messages(), message.type,
                       message.data);
  if (!waiting_ && output_.may_pass(*port_))
    return give(message, who ? &*who : nullptr);
  backlog::item what{message};
  if (who)
    what.who = std::make_unique<caf::response_promise>(*who);
  put_behind(std::move(what));
}

std::size_t connection_state::queued_cost() const {
  return port_->queued_cost() + (waiting_ ? waiting_->cost() : 0);
}

// What gives way to a new message, by the route's policy, and only where that
// helps. One with priority never does where there is another one.
output_gate::verdict connection_state::make_room(const ws_send& message) {
  using verdict = output_gate::verdict;
  auto policy = limits_.overflow->policy;
  auto size = message.data.size();
  auto result = output_.check(size, queued_cost());
  if (result != verdict::full)
    return result;
  if (!waiting_) // nothing but pongs may be in its way
    return port_->queued_messages() == 0 ? verdict::pass : result;
  auto oldest = policy == overflow_policy::drop_oldest
                || policy == overflow_policy::latest;
  if (policy == overflow_policy::close || (!oldest && !message.priority))
    return result;
  // One with its key leaves its place to it.
  auto others = [&] {
    return queued_cost()
           - (policy == overflow_policy::latest
                  ? waiting_->cost_of_key(message.key.view())
                  : 0);
  };
  auto may_go = waiting_->cost(oldest && message.priority);
  if (output_.check(size, queued_cost() - may_go) == verdict::full)
    return result; // in vain
  while (output_.check(size, others()) == verdict::full) {
    auto given = oldest ? waiting_->drop_oldest(message.priority)
                        : waiting_->drop_newest();
    if (!given)
      return verdict::full;
    drop(*given);
  }
  return verdict::pass;
}

// There is no room, and nobody gives way.
caf::error connection_state::refuse_output() {
  if (limits_.overflow->policy == overflow_policy::close) {
    end(end_cause::slow_consumer);
    return make_error(errc::slow_consumer);
  }
  ensure_waiting();
  waiting_->drop_last();
  note_drop();
  return dropped_error("the client reads too slowly");
}

void connection_state::drop(backlog::item& what) {
  if (what.who)
    what.who->deliver(dropped_error("the client reads too slowly"));
  note_drop();
}

// The log says it once until nothing waits; the owner hears of the first, and
// each time when they have doubled.
void connection_state::note_drop() {
  if (limits_.flows)
    ++limits_.flows->dropped;
  if (limits_.counts)
    limits_.counts->dropped.add();
  auto dropped = waiting_->dropped();
  note(flight_event::dropped, dropped);
  if (dropped == 1)
    log_overflow();
  if (!limits_.reports_overflow || !owners_.owner())
    return;
  auto epoch = owners_.epoch() + 1;
  if (!std::has_single_bit(dropped) && waiting_->told_epoch == epoch)
    return;
  waiting_->told_epoch = epoch;
  self_->send(owners_.owner(),
              ws_overflow{caf::actor_cast<caf::actor>(self_), pid_, dropped,
                          port_->queued_messages() + waiting_->size()});
}

void connection_state::log_overflow() const {
  static auto& lines = *new log_limit; // actors may end after main
  if (auto left_out = lines.allow("", std::chrono::steady_clock::now()))
    log(log_part::connection)
        .info("output dropped: pid={} client={}{}", pid_.view(),
              limits_.remote_address, suppressed_text(*left_out));
}

void connection_state::put(backlog::item what) {
  if (what.hole > 0)
    tell_hole(what.hole);
  give(what.message, what.who.get());
}

void connection_state::put_behind(backlog::item what) {
  ensure_waiting();
  if (limits_.overflow->policy != overflow_policy::latest)
    what.message.key = {};
  if (!what.message.key.empty())
    if (auto old = waiting_->replace(what)) {
      if (limits_.flows)
        ++limits_.flows->replaced;
      if (old->who)
        old->who->deliver(dropped_error("a newer one has its key"));
      return;
    }
  waiting_->push(std::move(what));
}

// It goes on when the port has sent what it has: something, or all would have
// passed.
void connection_state::ensure_waiting() {
  if (!waiting_)
    waiting_ = std::make_unique<backlog>();
  port_->ask_drained();
}

// A stream with a hole is not silent where the route says so.
void connection_state::tell_hole(std::uint64_t count) {
  auto& topic = limits_.overflow->event;
  if (topic.empty())
    return;
  if (auto text =
          make_envelope(topic, fmt::format(R"({{"dropped":{}}})", count)))
    port_->write(message_type::text, *text, false);
}

// Gives the port what it may have, or all of it.
void connection_state::refill(bool all) {
  while (waiting_ && (all || output_.may_pass(*port_))) {
    if (auto next = waiting_->pop())
      put(std::move(*next));
    else
      tell_hole(waiting_->take_end_hole());
    if (waiting_->empty())
      on_drained_all();
  }
  if (waiting_)
    port_->ask_drained();
}

void connection_state::on_drained_all() {
  auto dropped = waiting_->dropped();
  auto is_told = waiting_->told_epoch == owners_.epoch() + 1;
  waiting_.reset();
  if (is_told && owners_.owner())
    self_->send(owners_.owner(),
                ws_drained{caf::actor_cast<caf::actor>(self_), pid_, dropped});
}

} // namespace wsrelay
