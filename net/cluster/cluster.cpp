// Listening and connecting.
#include "net/cluster/cluster.hpp"

#include "actors/node_messages.hpp"
#include "actors/peer.hpp"
#include "actors/peer_group.hpp"
#include "config/listen_address.hpp"
#include "net/cluster/basp_acceptor.hpp"
#include "net/cluster/basp_multiplexer.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/connector.hpp"
#include "net/cluster/reach.hpp"
#include "net/cluster/tls.hpp"
#include "net/loop/tcp_socket.hpp"

#include <boost/asio/ip/address.hpp>

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

namespace wsrelay {

namespace {

// CAF keeps what it publishes by port; no socket of TCP has this one.
constexpr std::uint16_t operator_port = 0;

failure not_prepared() {
  return failure{"the actor system is not prepared for a cluster "
                 "(system_config::prepare)"};
}

// For the other node's hello. Silence is no matter of it: it ends the
// connection; and on a slow line an answer takes longer than a heartbeat.
milliseconds patience_of(const cluster_config& settings) {
  return std::max<milliseconds>(settings.heartbeat_timeout,
                                basp_greeting_timeout);
}

// No name: it has no other addresses.
bool is_address(const std::string& host) {
  boost::system::error_code ec;
  boost::asio::ip::make_address(host, ec);
  return !ec;
}

} // namespace

cluster::cluster(caf::actor_system& system, caf::actor directory)
    : system_{system}, directory_{std::move(directory)} {}

cluster::~cluster() {
  stop();
}

checked cluster::start(const cluster_config& settings) {
  if (!is_prepared(system_))
    return not_prepared();
  auto tls = make_node_tls(settings.tls);
  if (!tls)
    return failure{tls.error()};
  caf::anon_send(directory_, directory_start{broker_of_nodes(system_)});
  caf::anon_send(broker_of_nodes(system_), relief_watch{directory_});
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
  auto opened = open_listening(host, port);
  if (!opened)
    return failure{
        fmt::format("cannot meet other nodes: {}", opened.error().what)};
  port_ = opened->port;
  publish(make_basp_acceptor(
              home, std::move(opened->socket), std::move(tls),
              basp_options{greeting::incoming, settings.output_limit}),
          port_);
  return passed();
}

result<std::string> cluster::listen_for_operator(const std::string& path,
                                                 const std::string& name) {
  if (!operator_file_.path().empty())
    return operator_file_.path();
  if (!is_prepared(system_))
    return not_prepared();
  auto opened = path.empty() ? open_operator_socket(
                    operator_folder(std::getenv("XDG_RUNTIME_DIR")), name)
                             : open_operator_socket(path);
  if (!opened)
    return opened.error();
  auto& home = *loop_of_nodes(system_);
  operator_file_ = std::move(opened->file);
  caf::anon_send(directory_, directory_start{broker_of_nodes(system_)});
  publish(make_basp_acceptor(
              home, std::move(opened->socket), nullptr,
              basp_options{greeting::incoming, cluster_config{}.output_limit}),
          operator_port);
  return operator_file_.path();
}

// Whoever connects there gets to know the directory.
void cluster::publish(caf::io::doorman_ptr where, std::uint16_t port) {
  caf::anon_send(broker_of_nodes(system_), caf::publish_atom_v,
                 std::move(where), port,
                 caf::actor_cast<caf::strong_actor_ptr>(directory_),
                 std::set<std::string>{});
}

void cluster::connect(const cluster_config& settings) {
  std::random_device random;
  for (auto& text : settings.peers) {
    auto address = parse_listen_address(text); // validated before
    peer_config each{address->host,
                     address->port,
                     {settings.name, directory_, this_version()},
                     connector_,
                     patience_of(settings),
                     settings.reconnect_min,
                     settings.reconnect_max,
                     random(),
                     nullptr};
    peers_.push_back(
        is_address(address->host)
            ? system_.spawn(peer, std::move(each))
            : system_.spawn(
                peer_group,
                peer_group_config{std::move(each), settings.resolve_interval}));
  }
}

void cluster::stop() {
  for (auto& peer : peers_)
    caf::anon_send_exit(peer, caf::exit_reason::user_shutdown);
  peers_.clear();
  auto listens = port_ != 0 || !operator_file_.path().empty();
  // While somebody still listens there: no other node takes it for its own.
  operator_file_ = {};
  if (listens) // the port 0 stands for all of them
    system_.middleman().unpublish(directory_, 0);
  port_ = 0;
  caf::anon_send_exit(connector_, caf::exit_reason::user_shutdown);
  connector_ = nullptr;
}

} // namespace wsrelay
