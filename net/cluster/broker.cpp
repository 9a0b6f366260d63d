// The seams that CAF's broker leaves.
#include "net/cluster/broker.hpp"

#include "actors/log.hpp"
#include "actors/node_messages.hpp"
#include "net/cluster/basp_multiplexer.hpp"
#include "net/cluster/proxy.hpp"

#include <caf/all.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/io/middleman.hpp>

namespace wsrelay {

namespace {

// Under this name brokers find each other; CAF's own have none, and messages to
// them are dropped.
constexpr caf::atom_value broker_name = caf::atom("nodes");

} // namespace

caf::behavior node_broker::make_behavior() {
  system().registry().put(broker_name, ctrl());
  caf::message_handler lost{
      [this](const node_lost& message) { on_lost(message.node); }};
  return lost.or_else(basp_broker::make_behavior());
}

// Every node that this one is connected to may know the lost one through it.
void node_broker::purge_state(const caf::node_id& node) {
  basp_broker::purge_state(node);
  requests_->on_lost(node);
  for (auto& [handle, connection] : ctx)
    if (auto neighbour = instance.tbl().lookup_direct(handle))
      instance.dispatch(context(), caf::strong_actor_ptr{}, {}, neighbour,
                        static_cast<std::uint64_t>(broker_name),
                        caf::io::basp::header::named_receiver_flag,
                        caf::make_message_id(),
                        caf::make_message(node_lost{node}));
}

// A neighbour has lost a node. It matters when this one reached it that way.
void node_broker::on_lost(const caf::node_id& node) {
  if (!instance.tbl().lookup_direct(node)
      && instance.tbl().erase_indirect(node))
    purge_state(node);
}

caf::strong_actor_ptr node_broker::make_proxy(caf::node_id node,
                                              caf::actor_id id) {
  if (node == caf::none || id == caf::invalid_actor_id)
    return nullptr;
  // A handle of a third node: whoever sent it knows the way there.
  if (node != last_hop_ && instance.tbl().add_indirect(last_hop_, node))
    system().middleman().backend().post(
        [me = caf::strong_actor_ptr{ctrl()}, this, node] {
          if (!getf(abstract_actor::is_terminated_flag))
            learned_new_node_indirectly(node);
        });
  caf::actor_config config;
  return caf::make_actor<node_proxy, caf::strong_actor_ptr>(
      id, node, &system(), config, caf::actor_cast<caf::actor>(this),
      requests_);
}

void node_broker::set_last_hop(caf::node_id* node) {
  last_hop_ = node ? *node : caf::node_id{};
  basp_broker::set_last_hop(node);
}

// CAF's brokers leave out scheduled_actor's part, which closes the mailbox: a
// message from itself, its clock's last tick, would keep the broker for ever.
bool node_broker::cleanup(caf::error&& reason, caf::execution_unit* host) {
  close_all();
  return scheduled_actor::cleanup(std::move(reason), host);
}

// Data is a payload when the header before it has been read.
void node_broker::before_read(caf::io::connection_handle connection,
                              const std::vector<char>& data) {
  using caf::io::basp::message_type;
  auto known = ctx.find(connection);
  if (known == ctx.end()
      || known->second.cstate != caf::io::basp::await_payload)
    return;
  auto& header = known->second.hdr;
  switch (header.operation) {
    case message_type::client_handshake:
      if (instance.tbl().lookup_direct(connection) == caf::none)
        on_handshake(data);
      break;
    case message_type::routed_message:
      if (is_for_this_node(data))
        on_message(header);
      break;
    case message_type::direct_message:
      on_message(header);
      break;
    default:
      break;
  }
}

void node_broker::on_message(const caf::io::basp::header& header) {
  auto id = caf::make_message_id(header.operation_data);
  if (id.is_response())
    requests_->on_response(header.dest_actor, id);
}

bool node_broker::is_for_this_node(const std::vector<char>& routed) {
  caf::node_id from;
  caf::node_id to;
  caf::binary_deserializer source{context(), routed};
  return !source(from, to) && to == this_node();
}

void node_broker::on_handshake(const std::vector<char>& payload) {
  caf::node_id node;
  caf::binary_deserializer source{context(), payload};
  if (source(node))
    return;
  while (auto old = instance.tbl().lookup_direct(node)) {
    // Who only says that it is a node can do so again and again.
    if (auto left_out = lines_.allow("again", std::chrono::steady_clock::now()))
      log().info("node connects again: node={}{}", to_string(node),
                 suppressed_text(*left_out));
    connection_cleanup(*old, caf::sec::none);
    close(*old);
  }
}

} // namespace wsrelay
