// A connection's messages: what comes from actors.
#include "actors/connection.hpp"

#include "actors/answer.hpp"
#include "actors/audience_actor.hpp"
#include "actors/caf_compat.hpp"
#include "actors/outgoing.hpp"
#include "actors/pid_text.hpp"
#include "actors/shared_behavior.hpp"
#include "actors/undelivered.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

namespace wsrelay {

const shared_buffer& default_topic_text() {
  static const shared_buffer result{default_message_topic};
  return result;
}

const shared_buffer& no_metadata() {
  static const shared_buffer result{"{}"};
  return result;
}

void apply(const relay_options& options, connection_config& config) {
  config.window = options.window;
  config.window_bytes = options.window_bytes;
  config.output_limit = options.output_limit;
  config.max_metadata = options.max_metadata_size;
  config.join_timeout = options.join_timeout;
  config.close_timeout = options.close_timeout;
  config.rate = options.rate;
}

connection_state::connection_state(connection_actor* self) : self_{self} {}

caf::behavior connection_state::start(frame_port_ptr port,
                                      connection_config config) {
  port_ = std::move(port);
  if (config.rate.is_on())
    rate_ = std::make_unique<rate_gate>(config.rate, config.flows);
  if (config.parking)
    parking_ = std::make_unique<parking>(std::move(config.parking), config.lot,
                                         std::move(config.target_name));
  if (config.record) {
    config.record->trace = config.trace;
    config.record->compressed = config.compressed;
  }
  limits_ = connection_limits{config};
  owners_ = ownership{send_window{config.window, config.window_bytes}};
  output_ = output_gate{config.output_limit};
  started_ = port_->now();
  if (limits_.counts)
    limits_.counts->opened.add();
  note_phase();
  note(flight_event::opened, static_cast<std::uint64_t>(config.took.count()));
  pid_ = pid_text(self_->id(), self_->node());
  // PIDs are resolved through CAF's registry, which forgets an actor that ends.
  self_->system().registry().put(self_->id(), self_->ctrl());
  self_->set_down_handler([this](caf::down_msg& message) { on_down(message); });
  self_->set_exit_handler([this](caf::exit_msg& message) { on_exit(message); });
  // An error sent as a message is not addressed to a connection.
  self_->set_error_handler([](caf::error&) {});
  settings_ = {std::move(config.message_topic), config.heartbeat_interval,
               std::move(config.metadata),
               point_of(config.expires_at, started_, jitter())};
  ws_control first;
  first.target = std::move(config.target);
  change_groups(std::move(config.groups), {}, std::nullopt);
  auto is_there = port_->attach(this);
  apply_control(first, std::nullopt);
  if (parking_ && claims_.current())
    claims_.current()->name = parking_->name();
  if (!is_there) // the target that was asked is told, too
    on_closed(end_cause::connection_lost);
  return make_behavior();
}

caf::behavior connection_state::make_behavior() {
  using me = connection_state;
  return share_behavior<connection_actor, &me::on_send, &me::on_event,
                        &me::on_close, &me::on_control, &me::on_watch,
                        &me::on_stats, &me::on_report, &me::on_audience,
                        &me::on_shutdown, &me::on_drain, &me::on_unpark,
                        &me::on_node_stops, &me::on_relieved, &me::on_finished>(
      self_);
}

caf::behavior connection(connection_actor* self, frame_port_ptr port,
                         connection_config config) {
  return self->state.start(std::move(port), std::move(config));
}

// Who did not ask is not told; that it was in vain is. In place: moving a
// result costs as much as all else here.
void connection_state::settle(caf::result<void>& result,
                              std::string_view what) {
  if (!is_error(result) || is_request(self_))
    return;
  if (is(error_of(result), errc::dropped)) { // that is said in another way
    result = caf::unit;
    return;
  }
  log_undelivered(self_->system(), pid_.view(), what, error_of(result));
  result = caf::unit;
}

// What a target's handler returns comes like this, too: it reaches nobody. An
// error does where a target has no handler, for heartbeats, say.
void connection_state::note_unknown(const caf::type_erased_tuple& content) {
  if (content.empty() || content.match_elements<caf::error>())
    return;
  auto& type = self_->system().types().portable_name(content.type(0));
  log_undelivered(
      self_->system(), pid_.view(), type,
      make_error(errc::invalid_message, "a connection takes no such message"));
}

caf::result<void> connection_state::on_send(const ws_send& message) {
  auto result = send(message);
  settle(result, "ws.send");
  return result;
}

caf::result<void> connection_state::send(const ws_send& message) {
  if (auto error = wsrelay::check(message))
    return error;
  return write(message);
}

caf::result<void> connection_state::on_event(const ws_event& message) {
  auto made =
      to_send(message, limits_.overflow->policy == overflow_policy::latest);
  caf::result<void> result = made ? write(*made) : std::move(made.error());
  settle(result, message.topic);
  return result;
}

caf::result<void> connection_state::on_close(const ws_close& message) {
  auto result = close(message);
  settle(result, "ws.close");
  return result;
}

caf::result<void> connection_state::close(const ws_close& message) {
  if (auto checked = check_close(message.code, message.reason); !checked)
    return make_error(errc::invalid_close, checked.error().what);
  if (closing())
    return make_error(errc::closing);
  end(end_cause::closed_by_actor, message.code, message.reason);
  return caf::unit;
}

caf::result<void> connection_state::on_control(const ws_control& message) {
  auto result = control(message);
  settle(result, "ws.control");
  return result;
}

caf::result<void> connection_state::control(const ws_control& message) {
  if (closing())
    return make_error(errc::closing);
  if (auto error = check(message, limits_.max_metadata))
    return error;
  if (auto error = check_groups(message))
    return error;
  if (claims_.current() && sets_end_only(message)) { // it cannot wait
    settings_ = merged(std::move(settings_), message, port_->now(), jitter());
    claims_.current()->settings.expires_at = settings_.expires_at;
    update_wake();
    return caf::unit;
  }
  if (claims_.is_full())
    return make_error(errc::busy, "too many controls wait for a transfer");
  auto promise = promise_to_requester(self_);
  if (claims_.current())
    claims_.wait(message, promise);
  else
    apply_control(message, promise);
  return later(promise);
}

void connection_state::on_down(const caf::down_msg& message) {
  if (watch_ && watch_->drop(message.source))
    watch_.reset();
  auto cause = cause_of_target_end(message.reason);
  if (!lose_former(message.source, cause))
    return end(cause);
  if (claims_.is_asked() && claims_.current()->target == message.source)
    return fail_claim(errc::target_down, cause, false, "the target has ended");
  if (owners_.owner() == message.source && !closing())
    lose_owner(cause);
}

void connection_state::on_audience(const audience_open& message) {
  open_audience(self_, message);
}

void connection_state::on_shutdown(connection_shutdown) {
  end(end_cause::node_shutdown);
}

void connection_state::on_drain(const connection_drain& message) {
  end(end_cause::node_drains, 1012,
      fmt::format("retry={}", message.retry.count()));
}

void connection_state::on_exit(caf::exit_msg& message) {
  if (message.reason) // a normal end of a linked actor does not matter
    end(end_cause::exited, 0, {}, std::move(message.reason));
}

// The target gets its leave while its node still delivers it. A move to
// another node that is under way decides by itself what becomes of it.
void connection_state::on_node_stops(const node_stops& message) {
  auto& node = message.node;
  if (claims_.is_asked() && claims_.current()->target.node() == node)
    fail_claim(errc::target_down, end_cause::target_node_stops, true,
               "the target's node stops");
  auto& owner = owners_.owner();
  if (closing() || claims_.current() || !owner || owner.node() != node)
    return;
  if (parks(end_cause::target_node_stops))
    part_from_stopping(end_cause::target_node_stops);
  else
    end(end_cause::target_node_stops);
}

} // namespace wsrelay
