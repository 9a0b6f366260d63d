// Connecting, over and over.
#include "actors/peer.hpp"

#include "actors/absent_peers.hpp"
#include "actors/answer.hpp"
#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "config/listen_address.hpp"
#include "protocol/json.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <set>

namespace wsrelay {

namespace {

// The other side can make them up.
constexpr std::size_t max_told_reasons = 8;

// The connector's sentence says more than the code of CAF's that it is with.
std::string reason_of(const caf::error& why) {
  auto& context = why.context();
  if (why.category() == system_category
      && context.match_elements<std::string>())
    return context.get_as<std::string>(0);
  return to_text(why);
}

} // namespace

void tell_absence(caf::event_based_actor* self, const peer_config& which,
                  bool is_absent, const std::string& reason) {
  self->send(which.own.directory,
             peer_absence{to_text(listen_address{which.host, which.port}),
                          is_absent, reason});
}

caf::behavior peer_state::start(peer_config settings) {
  config = std::move(settings);
  random.seed(config.seed);
  self->set_default_handler(drop_unexpected);
  self->set_error_handler([](caf::error&) {});
  self->set_down_handler([this](caf::down_msg& message) { on_down(message); });
  tell_absence(self, config, true);
  connect();
  return {
      [this](peer_retry) { connect(); },
      [this](peer_retire message) { set_retiring(message.retires); },
  };
}

// No timeout: the connector has its own.
void peer_state::connect() {
  waiting = false;
  self->request(config.connector, caf::infinite, caf::connect_atom_v,
                config.host, config.port)
      .then(
          [this](caf::node_id&, caf::strong_actor_ptr& found,
                 std::set<std::string>&) {
            on_connected(caf::actor_cast<caf::actor>(found));
          },
          [this](caf::error& error) { on_failed(error); });
}

void peer_state::on_connected(caf::actor directory) {
  if (!directory)
    return on_failed(make_error(errc::no_such_peer, "no node of wsrelay"));
  if (directory == config.own.directory)
    return on_self();
  remote = std::move(directory);
  self->monitor(remote);
  self->request(remote, config.patience, config.own)
      .then([this](const peer_hello& message) { on_hello(message); },
            [this](caf::error& error) { on_refused(error); });
}

void peer_state::on_refused(const caf::error& why) {
  if (!remote) // its end was told already
    return;
  self->demonitor(remote);
  remote = nullptr;
  on_failed(why);
}

// A node of a release that does not know that it cannot work with this one.
void peer_state::on_hello(const peer_hello& message) {
  if (message.directory != remote)
    return on_refused(
        make_error(errc::invalid_message, "its directory is not its own"));
  if (auto why = refuse_version(config.own.version, message.version)) {
    self->send(config.own.directory, node_refused{remote.node()});
    return on_refused(make_error(errc::incompatible, *why));
  }
  failures = 0;
  told.clear();
  tell_absence(self, config, false);
  self->send(config.own.directory, message);
}

// Each reason is said once until the peer was there again.
void peer_state::on_failed(const caf::error& why) {
  ++failures;
  auto reason = reason_of(why);
  tell_absence(self, config, true, reason);
  if (told.size() < max_told_reasons && told.insert(reason).second)
    log(log_part::cluster)
        .warn("peer cannot be reached: address={}:{} reason={}"
              " hint=\"tried again by itself; does that node run, with this "
              "listen and tls?\"",
              config.host, config.port, json_string(reason));
  try_again();
}

void peer_state::on_down(const caf::down_msg& message) {
  if (message.source != remote)
    return;
  remote = nullptr;
  tell_absence(self, config, true, "the connection to it has ended");
  try_again();
}

void peer_state::on_self() {
  tell_absence(self, config, false);
  log(log_part::cluster)
      .info("peer is this node itself: address={}:{}", config.host,
            config.port);
  if (config.group)
    self->send(config.group, peer_is_self{config.host});
  self->quit();
}

void peer_state::set_retiring(bool retires) {
  retiring = retires;
  if (!retiring || !waiting)
    return;
  tell_absence(self, config, false);
  self->quit();
}

void peer_state::try_again() {
  if (retiring) {
    tell_absence(self, config, false);
    return self->quit();
  }
  if (config.group)
    self->send(config.group, peer_lost{});
  waiting = true;
  self->delayed_send(self, next_delay(), peer_retry{});
}

// Jitter, so that the nodes that lost one do not come back all at once.
milliseconds peer_state::next_delay() {
  auto doubled = config.reconnect_min.count() << std::min(failures, 20u);
  auto delay = std::min<std::int64_t>(doubled, config.reconnect_max.count());
  std::uniform_int_distribution<std::int64_t> from{(delay + 1) / 2, delay};
  return milliseconds{from(random)};
}

caf::behavior peer(peer_actor* self, peer_config config) {
  return self->state.start(std::move(config));
}

} // namespace wsrelay
