// What the node's broker does with each message of another node.
#include "actors/error.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/bundle.hpp"
#include "net/cluster/remote_message.hpp"

#include <caf/all.hpp>
#include <caf/binary_serializer.hpp>

namespace wsrelay {

namespace {

std::string_view view_of(const std::vector<char>& bytes) {
  return {bytes.data(), bytes.size()};
}

} // namespace

// What is thrown here would end the broker, and with it all connections.
template <class Function>
void node_broker::read_from(connection who, Function read) try {
  set_context(who);
  last_hop_ = this_context->id;
  read();
} catch (const std::exception& error) {
  offend(std::string{"message that cannot be read: "} + error.what());
}

void node_broker::on_data(caf::io::new_data_msg& message) {
  read_from(message.handle, [&] { on_message(message.handle, message.buf); });
}

// Not by the mailbox, as CAF's messages: it is where it was read.
void node_broker::on_bundle(caf::execution_unit* host, connection who,
                            std::string_view records) {
  auto* before = context();
  context(host);
  offence_.clear();
  read_from(who, [&] { on_records(records); });
  context(before);
}

void node_broker::on_message(connection who, bytes& payload) {
  if (header_.operation == basp_bundle) // none of CAF's
    return on_records(view_of(payload));
  switch (header_.operation) {
    case basp_operation::server_handshake:
    case basp_operation::client_handshake:
      return on_handshake(who, payload);
    case basp_operation::direct_message:
      return on_remote(view_of(payload), last_hop_);
    case basp_operation::routed_message:
      return on_routed(who, payload);
    case basp_operation::monitor_message:
      return on_monitor(who, payload);
    case basp_operation::down_message:
      return on_down(who, payload);
    case basp_operation::heartbeat: // `set_context` has noted it
      return;
  }
}

void node_broker::on_handshake(connection who, bytes& payload) {
  auto text = view_of(payload);
  if (auto why = refuse_basp_handshake(header_, text, this_node(), last_hop_);
      !why.empty())
    return offend(std::move(why));
  auto node = *take_basp_node(text);
  if (header_.operation == basp_operation::client_handshake && !last_hop_)
    close_others(node);
  this_context->id = node;
  pass_on(who, payload);
}

void node_broker::on_remote(std::string_view payload,
                            const caf::node_id& from) {
  auto id = caf::make_message_id(header_.operation_data);
  if (id.is_response())
    requests_->on_response(header_.dest_actor, id);
  auto outcome = deliver(context(), proxies(), {header_, payload, from});
  if (!outcome.offence.empty())
    offend(std::move(outcome.offence));
  else if (outcome.unread)
    report_unread(outcome.unread, outcome.type);
  else if (outcome.lost)
    on_lost(outcome.lost);
}

void node_broker::on_records(std::string_view bytes) {
  bundle_reader records{bytes};
  for (bundle_record next; records.next(next);) {
    auto id = caf::make_message_id(next.head.id);
    if (id.is_response())
      requests_->on_response(next.head.dest, id);
    records_.deliver(context(), proxies(), last_hop_, next);
  }
  if (!records.offence().empty())
    offend(records.offence());
}

void node_broker::on_routed(connection who, bytes& payload) {
  auto text = view_of(payload);
  auto route = take_basp_route(text);
  if (!route)
    return offend("routed message without its nodes");
  if (route->to != this_node())
    return forward(who, route->to, payload);
  if (!is_pretended(route->from) && learn(route->from))
    on_remote(text, route->from);
}

void node_broker::on_monitor(connection who, bytes& payload) {
  auto text = view_of(payload);
  auto route = take_basp_route(text);
  if (!route || route->from == this_node())
    return offend("monitor of no other node");
  if (route->to != this_node())
    return forward(who, route->to, payload);
  proxy_announced(route->from, header_.dest_actor);
}

// All that the actor has sent is delivered: messages are read in their order.
void node_broker::on_down(connection who, bytes& payload) {
  auto text = view_of(payload);
  auto route = take_basp_route(text);
  if (!route || route->from == this_node())
    return offend("end of no other node's actor");
  if (route->to != this_node())
    return forward(who, route->to, payload);
  if (is_pretended(route->from))
    return;
  caf::error reason;
  auto outcome = read_reason(context(), text, reason);
  if (!outcome.offence.empty())
    return offend(std::move(outcome.offence));
  if (outcome.unread) {
    report_unread(outcome.unread, "a reason");
    reason = caf::exit_reason::unknown;
  }
  proxies().erase(route->from, header_.source_actor, std::move(reason));
}

// Two nodes that take each other for the way to a third one, which is gone,
// would send it to and fro for ever. Who has got a handle of a lost node's
// actor from here takes this one for the way until it is told.
void node_broker::forward(connection who, const caf::node_id& to,
                          const bytes& payload) {
  auto path = instance.lookup(to);
  if (!path || path->hdl == who)
    return tell_lost(last_hop_, to);
  auto& out = get_buffer(path->hdl);
  caf::binary_serializer sink{context(), out};
  if (!sink(header_))
    out.insert(out.end(), payload.begin(), payload.end());
  flush(path->hdl);
}

void node_broker::pass_on(connection who, bytes& payload) {
  auto next = instance.handle(context(), who, header_, &payload);
  if (next == caf::io::basp::redundant_connection) {
    connection_cleanup(who, caf::io::basp::to_sec(next));
    close(who);
  } else if (requires_shutdown(next)) {
    offend(to_string(next));
  }
}

} // namespace wsrelay
