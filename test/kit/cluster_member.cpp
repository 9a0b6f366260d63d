// A node's start and end, and who it is connected to.
#include "test/kit/cluster_member.hpp"

#include "actors/node_messages.hpp"
#include "actors/own_actors.hpp"
#include "actors/peer.hpp"
#include "test/kit/cluster_connector.hpp"
#include "test/kit/cluster_proxy.hpp"
#include "test/kit/node_identity.hpp"

#include <caf/all.hpp>
#include <caf/detail/sync_request_bouncer.hpp>

#include <algorithm>

namespace wsrelay::test {

namespace {

caf::node_id make_id(cluster_world& world) {
  return *caf::make_node_id(++world.nodes_made, std::string(40, 'c'));
}

std::unique_ptr<test_config> make_config(const cluster_options& options,
                                         const std::string& name,
                                         const caf::node_id& id) {
  auto result =
      options.config ? options.config(name) : std::make_unique<test_config>();
  result->node_name = name;
  use_node_id(*result, id);
  return result;
}

} // namespace

cluster_member::cluster_member(cluster_world& world, std::string name,
                               std::map<std::string, cluster_link*> links,
                               source_line where)
    : world_{world},
      name_{std::move(name)},
      id_{make_id(world)},
      links_{std::move(links)},
      node_{std::make_unique<test_node>(make_config(world.options, name_, id_),
                                        where)} {
  move_to(world.now);
  auto& system = node_->system();
  proxies_.reset(new caf::proxy_registry{system, *this}); // a private base
  auto& directory = node_->directory();
  // Whoever connects finds it there.
  system.registry().put(directory.id(),
                        caf::actor_cast<caf::strong_actor_ptr>(directory));
  connector_ = system.spawn<caf::hidden>(
      cluster_connector,
      connector_calls{
          [this](const std::string& host, caf::response_promise promise) {
            links_.at(host)->connect(*this, std::move(promise));
          },
          [this](const caf::node_id& node) {
            if (auto found = connected_.find(node); found != connected_.end())
              found->second->part(*this);
          }});
  acceptor_ = system.spawn<caf::hidden>(cluster_acceptor, [this] {
    auto all = node_->scheduler_.living_actors();
    std::erase_if(all, [](const caf::actor& each) {
      return !is_connection(*caf::actor_cast<caf::abstract_actor*>(each));
    });
    return all;
  });
  caf::anon_send(directory,
                 directory_own{"wsrelay.acceptor.test.0", acceptor_});
  caf::anon_send(directory, directory_start{connector_});
}

cluster_member::~cluster_member() {
  proxies_.reset();
  connector_ = nullptr;
  acceptor_ = nullptr;
}

void cluster_member::join(node_driver& driver) {
  node_->driver_ = &driver;
}

void cluster_member::add_peer(const std::string& name) {
  auto& [interval, timeout, min, max, config] = world_.options;
  node_->system().spawn<caf::hidden>(
      peer, peer_config{name,
                        1,
                        {name_, node_->directory(), this_version()},
                        connector_,
                        std::max<milliseconds>(timeout, milliseconds{5'000}),
                        min,
                        max,
                        world_.nodes_made,
                        nullptr});
}

void cluster_member::end_actors() {
  for (auto& each : node_->scheduler_.living_actors()) {
    auto& object = *caf::actor_cast<caf::abstract_actor*>(each);
    if (is_connection(object))
      caf::anon_send(each, connection_shutdown{});
    else if (!is_own_actor(object) && each != connector_)
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  }
}

void cluster_member::drop_clients() {
  node_->note_faults();
  node_->drop_clients();
}

// The registry holds whoever was told of to another node.
void cluster_member::let_go() {
  node_->lot_ = nullptr;
  for (auto& each : node_->scheduler_.living_actors()) {
    node_->system().registry().erase(each.id());
    if (each == connector_ || each == acceptor_
        || is_own_actor(*caf::actor_cast<caf::abstract_actor*>(each)))
      caf::anon_send_exit(each, caf::exit_reason::kill);
  }
}

void cluster_member::look_for_left() {
  node_->note_left(node_->scheduler_.living_actors());
}

void cluster_member::end() {
  node_->driver_ = nullptr;
  node_->note_faults();
  connected_.clear();
  requests_.clear();
  node_->drop_clients();
  rest();
  node_->scheduler_.kill_actors();
  rest();
  node_->scheduler_.cancel_timeouts();
}

// In a destructor, maybe: of what an actor fails now nobody can hear.
void cluster_member::rest() {
  for (auto tries = 1000; tries > 0; --tries)
    try {
      node_->come_to_rest(100'000);
      return;
    } catch (const expectation_failed&) {
    }
}

void cluster_member::post(std::function<void()> action) {
  world_.posted.push_back(std::move(action));
}

bool cluster_member::is_here(const caf::strong_actor_ptr& who) const {
  return who && who->node() == id_;
}

void cluster_member::push(const caf::node_id& to, wire_packet packet) {
  if (auto found = connected_.find(to); found != connected_.end())
    found->second->send(*this, std::move(packet));
}

// -- links and proxies --------------------------------------------------------

// What somebody else has told of its actors before leads nowhere.
void cluster_member::on_met(const caf::node_id& node, cluster_link& link) {
  proxies_->erase(node);
  connected_[node] = &link;
}

// In the order of net/cluster's broker: first what is monitored and linked.
void cluster_member::on_lost(const caf::node_id& node) {
  connected_.erase(node);
  proxies_->erase(node);
  std::vector<open_request> lost;
  std::erase_if(requests_, [&](auto& each) {
    if (each.second.to != node)
      return false;
    lost.push_back(each.second);
    return true;
  });
  caf::detail::sync_request_bouncer bounce{
      caf::exit_reason::remote_link_unreachable};
  for (auto& each : lost)
    bounce(each.sender.lock(), each.id);
}

caf::strong_actor_ptr cluster_member::proxy_of(const caf::node_id& node,
                                               caf::actor_id id) {
  return proxies_->get_or_put(node, id);
}

// As if a message had brought it.
caf::actor cluster_member::own_handle(const caf::actor& who) {
  auto found = caf::actor_cast<caf::strong_actor_ptr>(who);
  auto& home = *found->home_system;
  if (home.node() == who.node())
    home.registry().put(who.id(), found);
  auto mine = who.node() == id_ ? node_->system().registry().get(who.id())
                                : proxy_of(who.node(), who.id());
  return caf::actor_cast<caf::actor>(mine);
}

// The handle of an actor of a node that is not connected leads nowhere.
caf::strong_actor_ptr cluster_member::make_proxy(caf::node_id node,
                                                 caf::actor_id id) {
  if (id == caf::invalid_actor_id || !node)
    return nullptr;
  caf::actor_config config;
  auto made = caf::make_actor<cluster_proxy, caf::strong_actor_ptr>(
      id, node, &node_->system(), config, *this);
  if (connected_.contains(node))
    push(node, {wire_packet::kind::monitor, 0, {}, 0, id});
  else
    static_cast<cluster_proxy*>(made->get())
        ->kill_proxy(nullptr, caf::exit_reason::remote_link_unreachable);
  return made;
}

} // namespace wsrelay::test
