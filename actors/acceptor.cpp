// The acceptor actor.
#include "actors/acceptor.hpp"

#include "actors/answer.hpp"
#include "actors/directory.hpp"
#include "actors/log.hpp"
#include "actors/pid_text.hpp"
#include "actors/stats_collector.hpp"

#include <caf/all.hpp>

namespace wsrelay {

namespace {

// What a tick is for.
constexpr std::uint64_t retry_tick = 1;
constexpr std::uint64_t give_up_tick = 2;

} // namespace

caf::behavior acceptor_state::start(listener_port_ptr port,
                                    acceptor_config config) {
  port_ = std::move(port);
  config_ = config;
  self_->set_default_handler(drop_unexpected);
  self_->set_down_handler(
      [this](caf::down_msg& message) { on_down(message.source); });
  port_->report_to(*this);
  return {
      [this](acceptor_start) { port_->grant(config_.max_connections); },
      [this](acceptor_opened& message) { on_opened(message); },
      [this](const acceptor_socket_closed& message) {
        on_socket_closed(message.count);
      },
      [this](acceptor_list) { return list(); },
      [this](acceptor_stats request) {
        return self_->delegate(self_->spawn(stats_collector, list()), request);
      },
      [this](const acceptor_stop& message) { return on_stop(message); },
      [this](const acceptor_tick& message) { on_tick(message.id); },
  };
}

caf::behavior acceptor(acceptor_actor* self, listener_port_ptr port,
                       acceptor_config config) {
  return self->state.start(std::move(port), config);
}

void acceptor_state::on_accepted() {
  if (++open_ == config_.max_connections)
    log().warn("connection limit reached: max_connections={}", open_);
}

void acceptor_state::on_accept_failed() {
  self_->delayed_send(self_, config_.back_off, acceptor_tick{retry_tick});
}

void acceptor_state::on_opened(acceptor_opened& message) {
  auto& client = message.info.client;
  self_->monitor(client);
  if (stopping_)
    self_->send(client, connection_shutdown{});
  connections_.emplace(client.id(), std::move(message.info));
}

void acceptor_state::on_socket_closed(std::uint32_t count) {
  open_ -= count;
  if (!stopping_)
    port_->grant(count);
  try_finish();
}

void acceptor_state::on_down(const caf::actor_addr& who) {
  connections_.erase(who.id());
  try_finish();
}

caf::result<void> acceptor_state::on_stop(const acceptor_stop& message) {
  auto promise = promise_to_requester(self_);
  if (promise)
    stop_requests_.push_back(*promise);
  if (!stopping_) {
    stopping_ = true;
    port_->stop();
    for (auto& [id, info] : connections_)
      self_->send(info.client, connection_shutdown{});
    self_->delayed_send(self_, message.timeout, acceptor_tick{give_up_tick});
  }
  try_finish();
  return later(promise);
}

void acceptor_state::on_tick(std::uint64_t id) {
  if (id == retry_tick && !stopping_)
    port_->grant(1);
  if (id != give_up_tick || (open_ == 0 && connections_.empty()))
    return;
  log().warn("connections left at the end of the shutdown: sockets={}", open_);
  port_->abort();
  for (auto& [id, info] : connections_)
    self_->send_exit(info.client, caf::exit_reason::kill);
}

// Done when no socket and no connection actor is left.
void acceptor_state::try_finish() {
  if (!stopping_ || open_ != 0 || !connections_.empty())
    return;
  for (auto& request : stop_requests_)
    request.deliver(caf::unit);
  stop_requests_.clear();
}

std::vector<connection_info> acceptor_state::list() const {
  std::vector<connection_info> result;
  result.reserve(connections_.size());
  for (auto& [id, info] : connections_) {
    result.push_back(info);
    result.back().client_pid = pid_text(id, info.client.node());
  }
  return result;
}

} // namespace wsrelay
