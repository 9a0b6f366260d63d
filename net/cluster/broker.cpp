// The seams that CAF's broker leaves.
#include "net/cluster/broker.hpp"

#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/log_value.hpp"
#include "actors/node_messages.hpp"
#include "net/cluster/basp_multiplexer.hpp"
#include "net/cluster/proxy.hpp"
#include "net/cluster/reach.hpp"
#include "net/cluster/remote_message.hpp"
#include "protocol/json.hpp"

#include <caf/all.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/io/middleman.hpp>

#include <fmt/format.h>

namespace wsrelay {

namespace {

// From the broker to itself.
WSRELAY_ATOM(linkmark)

caf::timespan time_of(const node_broker& broker, caf::string_view key) {
  return caf::get_or(broker.home_system().config(), key, caf::timespan{0});
}

} // namespace

caf::behavior node_broker::make_behavior() {
  system().registry().put(broker_name, ctrl());
  caf::message_handler mine{
      [this](caf::io::new_data_msg& message) { on_data(message); },
      [this](caf::forward_atom, caf::strong_actor_ptr& source, stages& passing,
             caf::strong_actor_ptr& receiver, caf::message_id id,
             caf::message& content) {
        on_forward(source, passing, receiver, id, content);
      },
      [this](const node_known& message) { on_known(message); },
      [this](const node_refused& message) { part_from(message.node); },
      [this](linkmark_atom, const caf::node_id& node) { open_link(node); },
      [this](link_details_get) { return list_links(); },
      [this](const relief_watch& message) {
        relief_watcher_ = message.watcher.address();
      },
  };
  return mine.or_else(basp_broker::make_behavior());
}

// As CAF's, but for the room and the count.
void node_broker::on_forward(const caf::strong_actor_ptr& source,
                             const stages& passing,
                             const caf::strong_actor_ptr& receiver,
                             caf::message_id id, const caf::message& content) {
  if (!receiver || receiver->node() == this_node())
    return;
  if (source && source->node() == this_node())
    system().registry().put(source->id(), source);
  auto bulk = bulk_of(content);
  if (bulk >= max_basp_part)
    if (auto path = instance.lookup(receiver->node()))
      make_room(get_buffer(path->hdl), bulk);
  auto leaves = instance.dispatch(context(), source, passing, receiver->node(),
                                  receiver->id(), 0, id, content);
  if (auto* proxy = dynamic_cast<node_proxy*>(
          caf::actor_cast<caf::abstract_actor*>(receiver)))
    note_taken(proxy->load(), bulk);
  if (leaves || !id.is_request())
    return;
  caf::detail::sync_request_bouncer bounce{
      caf::exit_reason::remote_link_unreachable};
  bounce(source, id);
}

void node_broker::note_taken(node_load& load, std::size_t bulk) {
  load.take(bulk);
  if (load.falls())
    tell_relief(load.node());
}

// Every node that this one is connected to may know the lost one through it.
void node_broker::purge_state(const caf::node_id& node) {
  lost_->gather(true);
  basp_broker::purge_state(node);
  lost_->gather(false);
  end_lost();
  if (auto server = spawn_servers.extract(node))
    caf::anon_send_exit(server.mapped(), caf::exit_reason::kill);
  requests_->on_lost(node);
  drop_context(node);
  unread_.forget(node);
  known_.erase(node);
  forget_learned(node);
  for (auto& [handle, connection] : ctx)
    if (auto neighbour = instance.tbl().lookup_direct(handle))
      tell_lost(neighbour, node);
}

void node_broker::tell_lost(const caf::node_id& neighbour,
                            const caf::node_id& node) {
  instance.dispatch(context(), caf::strong_actor_ptr{}, {}, neighbour,
                    static_cast<std::uint64_t>(broker_name),
                    caf::io::basp::header::named_receiver_flag,
                    caf::make_message_id(), caf::make_message(node_lost{node}));
}

// The node that speaks now leads to another one. Returns false, and ends its
// connection, when those are too many.
bool node_broker::learn(const caf::node_id& node) {
  auto& table = instance.tbl();
  if (node == last_hop_ || node == this_node() || !last_hop_
      || table.lookup_direct(node) || !table.lookup_direct(last_hop_))
    return true;
  auto& nodes = learned_[last_hop_].nodes;
  if (nodes.size() >= max_learned && !nodes.contains(node)) {
    offend("actors of too many other nodes");
    return false;
  }
  nodes.insert(node);
  if (table.add_indirect(last_hop_, node) && automatic_connections)
    system().middleman().backend().post(
        [me = caf::strong_actor_ptr{ctrl()}, this, node] {
          if (!getf(abstract_actor::is_terminated_flag))
            learned_new_node_indirectly(node);
        });
  return true;
}

// Nobody else leads there.
void node_broker::forget_learned(const caf::node_id& hop) {
  auto nodes = learned_.extract(hop);
  if (!nodes)
    return;
  for (auto& node : nodes.mapped().nodes)
    if (!instance.tbl().lookup(node)) {
      instance.tbl().erase_indirect(node);
      purge_state(node);
    }
}

// Those behind a node are many: they are counted now and then.
bool node_broker::has_room(const caf::node_id& node) {
  constexpr std::size_t uncounted = 1024;
  auto actors_of = [&](const caf::node_id& which) {
    return context_of(which)->load->actors.load();
  };
  if (actors_of(node) >= max_actors)
    return false;
  auto hop = learned_.find(last_hop_);
  if (hop == learned_.end() || !hop->second.nodes.contains(node))
    return true;
  auto& [nodes, room] = hop->second;
  if (room == 0) {
    std::size_t count = 0;
    for (auto& each : nodes)
      count += actors_of(each);
    room = std::min(max_actors - std::min(count, max_actors.load()), uncounted);
  }
  if (room == 0)
    return false;
  --room;
  return true;
}

// A node that is connected speaks for itself. What came another way before may
// still come for a moment.
bool node_broker::is_pretended(const caf::node_id& from) {
  if (from == last_hop_ || !instance.tbl().lookup_direct(from))
    return false;
  auto known = known_.find(from);
  auto hop = learned_.find(last_hop_);
  auto is_new = known == known_.end()
                || clock().now() - known->second.since <= others_patience;
  return !is_new || hop == learned_.end() || !hop->second.nodes.contains(from);
}

// The loop of the nodes does others' work in between. Who is told does not run
// on it: the directory hears of each, and others ask it meanwhile.
void node_broker::end_lost() {
  auto more = lost_->end_some(
      [](const caf::strong_actor_ptr& proxy, caf::error reason) {
        auto* object = caf::actor_cast<caf::abstract_actor*>(proxy);
        static_cast<node_proxy*>(object)->end(nullptr, std::move(reason));
      });
  if (more)
    system().middleman().backend().post(
        [me = caf::strong_actor_ptr{ctrl()}, this] { end_lost(); });
}

// Who speaks has lost a node. It matters when this one reached it that way, and
// no other.
void node_broker::on_lost(const caf::node_id& node) {
  auto& table = instance.tbl();
  auto hop = learned_.find(last_hop_);
  if (hop == learned_.end() || hop->second.nodes.erase(node) == 0
      || table.lookup_direct(node))
    return;
  table.erase_indirect(node);
  for (auto& [other, known] : learned_)
    if (known.nodes.contains(node))
      table.add_indirect(other, node);
  if (!table.lookup(node))
    purge_state(node);
}

caf::strong_actor_ptr node_broker::make_proxy(caf::node_id node,
                                              caf::actor_id id) {
  if (id == caf::invalid_actor_id || !is_basp_node(node))
    return nullptr;
  // A handle of a third node: whoever sent it knows the way there. CAF's table
  // of proxies, which asks for this one, is locked.
  if (!learn(node)) {
    system().middleman().backend().post(
        [me = caf::strong_actor_ptr{ctrl()}, this, node] {
          if (!getf(abstract_actor::is_terminated_flag))
            proxies().erase(node);
        });
    return nullptr;
  }
  if (!has_room(node)) {
    offend(fmt::format("more than {} actors of a node, or of those behind it",
                       max_actors.load()));
    return nullptr;
  }
  caf::actor_config config;
  return caf::make_actor<node_proxy, caf::strong_actor_ptr>(
      id, node, &system(), config, caf::actor_cast<caf::actor>(this),
      context_of(node));
}

// CAF spawns an actor here that asks the node's spawn server who it is, tells
// nobody, and stays when the node goes.
void node_broker::learned_new_node_directly(const caf::node_id&, bool) {}

// It goes with the node: `purge_state`.
void node_broker::learned_new_node_indirectly(const caf::node_id& node) {
  if (automatic_connections && spawn_servers.count(node) == 0)
    basp_broker::learned_new_node_indirectly(node);
}

// CAF's brokers leave out scheduled_actor's part, which closes the mailbox: a
// message from itself, its clock's last tick, would keep the broker for ever.
bool node_broker::cleanup(caf::error&& reason, caf::execution_unit* host) {
  close_all();
  return scheduled_actor::cleanup(std::move(reason), host);
}

// Only who connects is known already, with the time 0 as its last sign of life:
// the first tick would end it.
basp_phase node_broker::begin(connection who, time_point deadline) {
  auto known = ctx.find(who);
  if (known == ctx.end() || !known->second.callback)
    return basp_phase::awaits_client;
  known->second.last_seen = deadline;
  return basp_phase::awaits_server;
}

void node_broker::saw(connection who, time_point when) {
  if (auto known = ctx.find(who); known != ctx.end())
    known->second.last_seen = when;
}

std::shared_ptr<node_load> node_broker::load_of(connection who) {
  return context_of(node_of(who))->load;
}

std::shared_ptr<node_link> node_broker::link_of(connection who) {
  return context_of(node_of(who))->link;
}

caf::node_id node_broker::node_of(connection who) const {
  auto known = ctx.find(who);
  return known != ctx.end() ? known->second.id : caf::node_id{};
}

// As long as a node is known: its proxies have it, too.
const std::shared_ptr<const proxy_context>&
node_broker::context_of(const caf::node_id& node) {
  auto& found = contexts_[node];
  if (!found) {
    auto load = std::make_shared<node_load>(node);
    auto link = std::make_shared<node_link>(load, loop_of_nodes(system()));
    found = std::make_shared<const proxy_context>(
        proxy_context{requests_, std::move(load), std::move(link), lost_});
  }
  return found;
}

// What is under way to its proxies is not sent any more.
void node_broker::drop_context(const caf::node_id& node) {
  auto dropped = contexts_.extract(node);
  if (!dropped)
    return;
  dropped.mapped()->link->close();
  if (dropped.mapped()->load->is_high())
    tell_relief(node);
}

void node_broker::tell_relief(const caf::node_id& node) {
  if (auto watcher = caf::actor_cast<caf::actor>(relief_watcher_))
    send(watcher, node_relieved{node});
}

void node_broker::give_up(connection who, const std::string& why) {
  auto known = ctx.find(who);
  if (known == ctx.end() || !known->second.callback)
    return;
  auto asked = std::move(*known->second.callback);
  known->second.callback = caf::none;
  asked.deliver(make_error(caf::sec::disconnect_during_handshake, why));
}

caf::timespan node_broker::patience() const {
  return time_of(*this, connection_timeout);
}

caf::timespan node_broker::interval() const {
  return time_of(*this, heartbeat_interval);
}

// It may be gone by now.
void node_broker::on_known(const node_known& message) {
  if (!instance.tbl().lookup_direct(message.node))
    return;
  known_[message.node] = {message.version, clock().now()};
  context_of(message.node)->load->set_name(message.name);
  if (has(message.version, feature_bundles) && written_protocol() > 1)
    use_link(message.node);
}

// Behind all that proxies have given to the broker.
void node_broker::use_link(const caf::node_id& node) {
  auto& link = context_of(node)->link;
  link->hold([&] { send(this, linkmark_atom_v, node); });
}

void node_broker::open_link(const caf::node_id& node) {
  if (auto found = contexts_.find(node); found != contexts_.end())
    found->second->link->open();
}

std::vector<link_details> node_broker::list_links() {
  using std::chrono::duration_cast;
  std::vector<link_details> result;
  auto now = clock().now();
  for (auto& [handle, connection] : ctx)
    if (auto found = known_.find(connection.id); found != known_.end())
      result.push_back(
          {found->first,
           fmt::format("{}:{}", remote_addr(handle), remote_port(handle)),
           duration_cast<milliseconds>(now - found->second.since),
           duration_cast<milliseconds>(now - connection.last_seen),
           context_of(found->first)->load->waiting()});
  return result;
}

// The directory will not work with it. It was told so.
void node_broker::part_from(const caf::node_id& node) {
  while (auto known = instance.tbl().lookup_direct(node)) {
    connection_cleanup(*known, caf::sec::none);
    close(*known);
  }
}

void node_broker::report_unread(const caf::error& why,
                                const std::string& type) {
  if (!unread_.is_new(last_hop_, type))
    return;
  auto left_out = unread_lines_.allow("", std::chrono::steady_clock::now());
  if (!left_out)
    return;
  auto known = known_.find(last_hop_);
  log(log_part::cluster)
      .warn("message not understood: type={} node={} version={} "
            "this_version={} reason={} hint=\"its asker gets an error; upgrade "
            "the older node\"{}",
            log_value(type), to_string(last_hop_),
            log_value(known == known_.end() ? "unknown"
                                            : to_text(known->second.version)),
            json_string(to_text(this_version())), json_string(to_text(why)),
            suppressed_text(*left_out));
}

void node_broker::close_others(const caf::node_id& node) {
  if (!instance.tbl().lookup_direct(node))
    return;
  // Who only says that it is a node can do so again and again.
  if (auto left_out = lines_.allow("again", std::chrono::steady_clock::now()))
    log(log_part::cluster)
        .info("node connects again: node={}{}", to_string(node),
              suppressed_text(*left_out));
  part_from(node);
}

} // namespace wsrelay
