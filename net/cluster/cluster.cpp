// Listening and connecting.
#include "net/cluster/cluster.hpp"

#include "actors/node_messages.hpp"
#include "actors/peer.hpp"
#include "config/listen_address.hpp"
#include "net/cluster/basp_acceptor.hpp"
#include "net/cluster/basp_multiplexer.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/connector.hpp"
#include "net/cluster/reach.hpp"
#include "net/cluster/tls.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

namespace wsrelay {

namespace {

// For the other node's hello. Silence is no matter of it: it ends the
// connection; and on a slow line an answer takes longer than a heartbeat.
milliseconds patience_of(const cluster_config& settings) {
  return std::max<milliseconds>(settings.heartbeat_timeout,
                                basp_greeting_timeout);
}

} // namespace

cluster::cluster(caf::actor_system& system, caf::actor directory)
    : system_{system}, directory_{std::move(directory)} {}

cluster::~cluster() {
  stop();
}

checked cluster::start(const cluster_config& settings) {
  if (!is_prepared(system_))
    return failure{"the actor system is not prepared for a cluster "
                   "(system_config::prepare)"};
  auto tls = make_node_tls(settings.tls);
  if (!tls)
    return failure{tls.error()};
  caf::anon_send(directory_, directory_start{});
  caf::anon_send(broker_of_nodes(system_), pressure_watch{directory_});
  connector_ = spawn_node_connector(system_, *tls, settings.output_limit);
  if (!settings.listen.empty())
    if (auto listening = listen(settings, *tls); !listening)
      return listening;
  connect(settings);
  return passed();
}

checked cluster::listen(const cluster_config& settings, tls_context_ptr tls) {
  // Validated before.
  auto [host, port] = *parse_listen_address(settings.listen);
  auto& home = *loop_of_nodes(system_);
  tcp_acceptor socket{home.context().get_executor()};
  if (auto listening = wsrelay::listen(socket, host, port); !listening)
    return failure{
        fmt::format("cannot meet other nodes: {}", listening.error().what)};
  port_ = socket.local_endpoint().port();
  caf::anon_send(broker_of_nodes(system_), caf::publish_atom_v,
                 make_basp_acceptor(
                     home, std::move(socket), std::move(tls),
                     basp_options{greeting::incoming, settings.output_limit}),
                 port_, caf::actor_cast<caf::strong_actor_ptr>(directory_),
                 std::set<std::string>{});
  return passed();
}

void cluster::connect(const cluster_config& settings) {
  std::random_device random;
  for (auto& peer : settings.peers) {
    auto address = parse_listen_address(peer); // validated before
    peers_.push_back(
        system_.spawn(wsrelay::peer, peer_config{address->host,
                                                 address->port,
                                                 {settings.name, directory_},
                                                 connector_,
                                                 patience_of(settings),
                                                 settings.reconnect_min,
                                                 settings.reconnect_max,
                                                 random()}));
  }
}

void cluster::stop() {
  for (auto& peer : peers_)
    caf::anon_send_exit(peer, caf::exit_reason::user_shutdown);
  peers_.clear();
  if (port_ != 0)
    system_.middleman().unpublish(directory_, port_);
  port_ = 0;
  caf::anon_send_exit(connector_, caf::exit_reason::user_shutdown);
  connector_ = nullptr;
}

} // namespace wsrelay
