// A connection's messages: what comes from actors, what goes to the owner.
#include "actors/connection.hpp"

#include "actors/answer.hpp"
#include "actors/audience_actor.hpp"
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/outgoing.hpp"
#include "actors/pid_text.hpp"
#include "protocol/topic.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

void apply(const relay_options& options, connection_config& config) {
  config.window = options.window;
  config.output_limit = options.output_limit;
  config.max_metadata = options.max_metadata_size;
  config.join_timeout = options.join_timeout;
}

connection_state::connection_state(connection_actor* self) : self_{self} {}

caf::behavior connection_state::start(frame_port_ptr port,
                                      connection_config config) {
  port_ = std::move(port);
  config_ = std::move(config);
  window_ = send_window{config_.window};
  started_ = port_->now();
  pid_ = pid_text(self_->id(), self_->node());
  // PIDs are resolved through CAF's registry, which forgets an actor that ends.
  self_->system().registry().put(self_->id(), self_->ctrl());
  self_->set_default_handler(drop_unexpected);
  self_->set_down_handler([this](caf::down_msg& message) { on_down(message); });
  self_->set_exit_handler([this](caf::exit_msg& message) { on_exit(message); });
  // An error sent as a message is not addressed to a connection.
  self_->set_error_handler([](caf::error&) {});
  port_->attach(this);
  ws_control first;
  first.target = std::move(config_.target);
  settings_ = {config_.message_topic, config_.heartbeat_interval,
               config_.metadata};
  apply_control(first, std::nullopt);
  return {
      [this](const ws_send& message) {
        return answer(self_, on_send(message));
      },
      [this](const ws_event& message) {
        return answer(self_, on_event(message));
      },
      [this](const ws_close& message) {
        return answer(self_, on_close(message));
      },
      [this](ws_control& message) {
        return answer(self_, on_control(message));
      },
      [this](const ws_watch& message) {
        return answer(self_, on_watch(message));
      },
      [this](connection_stats_get) { return stats(); },
      [this](const audience_open& message) { open_audience(self_, message); },
      [this](connection_shutdown) { end(end_cause::node_shutdown); },
      [this](const node_stops& message) { on_node_stops(message.node); },
      [this](connection_finished) { on_finished(); },
  };
}

caf::behavior connection(connection_actor* self, frame_port_ptr port,
                         connection_config config) {
  return self->state.start(std::move(port), std::move(config));
}

// -- from actors --------------------------------------------------------------

caf::result<void> connection_state::on_send(const ws_send& message) {
  if (auto error = wsrelay::check(message))
    return error;
  return write(message.type, message.data);
}

caf::result<void> connection_state::on_event(const ws_event& message) {
  auto made = to_send(message);
  if (!made)
    return std::move(made.error());
  return write(made->type, made->data);
}

caf::result<void> connection_state::write(message_type type,
                                          const shared_buffer& data) {
  if (closing())
    return make_error(errc::closing);
  if (data.size() > config_.output_limit)
    return make_error(errc::message_too_big, "over the output limit");
  if (port_->queued_bytes() + data.size() > config_.output_limit) {
    end(end_cause::slow_consumer);
    return make_error(errc::slow_consumer);
  }
  ++messages_out_;
  bytes_out_ += data.size();
  if (watch_)
    watch_->on_message(traffic_kind::out, messages_out_, type, data);
  auto promise = promise_to_requester(self_);
  auto number = port_->write(type, data, promise.has_value());
  if (promise)
    pending_writes_.add(number, *promise);
  return later(promise);
}

caf::result<void> connection_state::on_close(const ws_close& message) {
  if (auto checked = check_close(message.code, message.reason); !checked)
    return make_error(errc::invalid_close, checked.error().what);
  if (closing())
    return make_error(errc::closing);
  end(end_cause::closed_by_actor, message.code, message.reason);
  return caf::unit;
}

caf::result<void> connection_state::on_control(ws_control& message) {
  if (closing())
    return make_error(errc::closing);
  if (auto error = check(message))
    return error;
  if (claim_ && waiting_controls_.size() >= max_waiting_controls)
    return make_error(errc::busy, "too many controls wait for a transfer");
  auto promise = promise_to_requester(self_);
  if (claim_)
    waiting_controls_.push_back({std::move(message), promise});
  else
    apply_control(message, promise);
  return later(promise);
}

void connection_state::on_down(const caf::down_msg& message) {
  if (watch_ && watch_->drop(message.source))
    watch_.reset();
  auto cause = cause_of_target_end(message.reason);
  if (forget_former(message.source) && cause == end_cause::target_lost)
    return end(cause);
  if (claim_ && claim_->target == message.source)
    return fail_claim(errc::target_down, cause, false, "the target has ended");
  if (owner_ != message.source || closing())
    return;
  auto took_messages =
      cause == end_cause::target_lost && !window_.all_answered();
  if (!claim_ || took_messages)
    return end(cause);
  // The claim decides: it takes the connection over, or nobody is left.
  owner_end_ = cause;
  send_leave(owner_, settings_, make_ending(owner_end_), last_owned_seq());
  owner_ = nullptr;
  update_reading();
}

void connection_state::on_exit(caf::exit_msg& message) {
  if (message.reason) // a normal end of a linked actor does not matter
    end(end_cause::exited, 0, {}, std::move(message.reason));
}

// The target gets its leave while its node still delivers it. A move to
// another node that is under way decides by itself what becomes of it.
void connection_state::on_node_stops(const caf::node_id& node) {
  if (claim_ && claim_->target && claim_->target.node() == node)
    fail_claim(errc::target_down, end_cause::target_node_stops, true,
               "the target's node stops");
  if (!closing() && !claim_ && owner_ && owner_.node() == node)
    end(end_cause::target_node_stops);
}

// -- to the owner -------------------------------------------------------------

void connection_state::on_frame(message_type type, shared_buffer data) {
  if (closing() || !owner_)
    return;
  ++seq_;
  bytes_in_ += data.size();
  if (watch_)
    watch_->on_message(traffic_kind::in, seq_, type, data);
  relay({caf::actor_cast<caf::actor>(self_), pid_, settings_.message_topic,
         seq_, type, std::move(data), settings_.metadata});
}

void connection_state::relay(ws_message message) {
  if (!window_.send(message.seq)) {
    self_->send(owner_, std::move(message));
  } else {
    auto answered = [this, epoch = owner_epoch_, seq = message.seq] {
      on_answer(epoch, seq);
    };
    // No timeout: the monitor tells of the target's end.
    self_->request(owner_, caf::infinite, std::move(message))
        .then(answered, [answered](caf::error&) { answered(); });
  }
  if (window_.full())
    update_reading();
}

void connection_state::on_answer(std::uint64_t owner_epoch, std::uint64_t seq) {
  if (owner_epoch != owner_epoch_)
    return;
  window_.answer(seq);
  update_reading();
}

void connection_state::send_heartbeat() {
  next_heartbeat_ = port_->now() + settings_.heartbeat_interval;
  // One at a time: a target that does not keep up gets no backlog of them.
  if (heartbeat_open_ || !owner_)
    return;
  heartbeat_open_ = true;
  auto answered = [this, epoch = owner_epoch_] {
    if (epoch == owner_epoch_)
      heartbeat_open_ = false;
  };
  auto uptime =
      std::chrono::duration_cast<milliseconds>(port_->now() - started_);
  self_
      ->request(owner_, caf::infinite,
                ws_heartbeat{caf::actor_cast<caf::actor>(self_), pid_, uptime,
                             seq_, settings_.metadata})
      .then(answered, [answered](caf::error&) { answered(); });
}

void connection_state::send_leave(const caf::actor& target,
                                  const relay_settings& settings,
                                  const ending& how, std::uint64_t last_seq) {
  self_->send(target, make_leave(settings, how, last_seq));
}

ws_leave connection_state::make_leave(const relay_settings& settings,
                                      const ending& how,
                                      std::uint64_t last_seq) const {
  return {caf::actor_cast<caf::actor>(self_),
          pid_,
          how.leave,
          how.code,
          how.text,
          last_seq,
          settings.metadata};
}

std::uint64_t connection_state::last_owned_seq() const noexcept {
  return seq_ >= owned_from_ ? seq_ : 0;
}

// -- from the port ------------------------------------------------------------

void connection_state::on_drained(std::uint64_t count) {
  pending_writes_.complete(count);
}

void connection_state::on_wake() {
  if (closing())
    return;
  auto now = port_->now();
  if (claim_ && now >= claim_->deadline)
    fail_claim(errc::target_silent, end_cause::join_timeout, true,
               "the target did not answer in time");
  if (!closing() && now >= next_heartbeat_)
    send_heartbeat();
  update_wake();
}

// Reads while there is an owner with credit and nobody was asked to take over.
void connection_state::update_reading() {
  auto asked = claim_ && claim_->target;
  auto wanted = owner_ && !asked && !window_.full() && !closing();
  if (wanted == reading_)
    return;
  reading_ = wanted;
  if (wanted)
    port_->resume();
  else
    port_->pause();
}

void connection_state::update_wake() {
  auto deadline = claim_ ? claim_->deadline : time_point::max();
  port_->wake_at(closing() ? time_point::max()
                           : std::min(deadline, next_heartbeat_));
}

} // namespace wsrelay
