// Looking up, over and over.
#include "actors/peer_group.hpp"

#include "actors/answer.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "protocol/json.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace wsrelay {

caf::behavior peer_group_state::start(peer_group_config settings) {
  config = std::move(settings);
  random.seed(config.each.seed);
  self->set_default_handler(drop_unexpected);
  self->set_error_handler([](caf::error&) {});
  self->set_down_handler(
      [this](caf::down_msg& message) { on_down(message.source); });
  self->set_exit_handler([this](caf::exit_msg& message) {
    if (message.reason)
      end(message.reason);
  });
  look_up();
  return {
      [this](resolve_again message) {
        if (message.timer == timer)
          look_up();
      },
      [this](peer_lost) { look_up_soon(); },
      [this](const peer_is_self& message) { on_self(message.address); },
  };
}

void peer_group_state::look_up() {
  if (looking)
    return;
  looking = true;
  last_look_up = self->clock().now();
  self->request(config.each.connector, resolve_patience,
                name_lookup{config.each.host})
      .then(
          [this](std::vector<std::string>& addresses) {
            looking = false;
            on_found(std::move(addresses));
            look_up_later(next_interval());
          },
          [this](caf::error& error) {
            looking = false;
            on_missing(error);
            look_up_later(next_interval());
          });
}

void peer_group_state::look_up_later(milliseconds delay) {
  self->delayed_send(self, delay, resolve_again{++timer});
}

// Whoever was lost may have come again with another address.
void peer_group_state::look_up_soon() {
  if (looking)
    return;
  auto since = self->clock().now() - last_look_up;
  if (since >= min_resolve_interval)
    look_up();
  else
    look_up_later(
        std::chrono::ceil<milliseconds>(min_resolve_interval - since));
}

void peer_group_state::on_found(std::vector<std::string> addresses) {
  if (addresses.size() > max_addresses)
    addresses.resize(max_addresses);
  if (addresses.empty())
    return on_missing(make_error(errc::no_such_peer, "no address"));
  missing = false;
  tell_absence(self, config.each, false); // its addresses tell of themselves
  std::set<std::string> found{addresses.begin(), addresses.end()};
  std::erase_if(own, [&](auto& each) { return found.count(each) == 0; });
  retire(found);
  for (auto& address : found)
    use(address);
}

// Said once until there is one.
void peer_group_state::on_missing(const caf::error& why) {
  std::string reason = why == caf::sec::request_timeout
                           ? "the look-up does not end"
                           : to_text(why);
  tell_absence(self, config.each, true, reason);
  if (!std::exchange(missing, true))
    log(log_part::cluster)
        .warn("peer's name has no address: name={} reason={}"
              " hint=\"looked up again by itself; getent ahosts asks this "
              "machine for it\"",
              config.each.host, json_string(reason));
}

// Also one that was to go and is back.
void peer_group_state::use(const std::string& address) {
  if (own.count(address) > 0)
    return;
  if (auto known = peers.find(address); known != peers.end())
    return set_retiring(known->second, false);
  auto settings = config.each;
  settings.host = address;
  settings.group = self;
  settings.seed = static_cast<std::uint32_t>(random());
  auto made = self->spawn(peer, std::move(settings));
  self->monitor(made);
  peers.emplace(address, one_peer{made});
  log(log_part::cluster)
      .info("peer found: name={} address={}", config.each.host, address);
}

void peer_group_state::retire(const std::set<std::string>& found) {
  for (auto& [address, peer] : peers)
    if (found.count(address) == 0 && !peer.retires) {
      log(log_part::cluster)
          .info("peer is left out: name={} address={}", config.each.host,
                address);
      set_retiring(peer, true);
    }
}

void peer_group_state::set_retiring(one_peer& peer, bool retires) const {
  if (std::exchange(peer.retires, retires) != retires)
    self->send(peer.who, peer_retire{retires});
}

void peer_group_state::on_self(const std::string& address) {
  own.insert(address);
}

void peer_group_state::on_down(const caf::actor_addr& who) {
  std::erase_if(peers, [&](auto& each) { return each.second.who == who; });
}

void peer_group_state::end(const caf::error& reason) {
  for (auto& [address, peer] : peers)
    self->send_exit(peer.who, reason);
  peers.clear();
  self->quit(reason);
}

// Jitter, so that not all nodes of a cluster ask at once.
milliseconds peer_group_state::next_interval() {
  auto interval = config.interval.count();
  std::uniform_int_distribution<std::int64_t> from{interval * 3 / 4,
                                                   interval * 5 / 4};
  return milliseconds{from(random)};
}

caf::behavior peer_group(peer_group_actor* self, peer_group_config config) {
  return self->state.start(std::move(config));
}

} // namespace wsrelay
