// Messages between the nodes of a cluster, to bytes and back.
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/node_version.hpp"
#include "actors/own_actors.hpp"
#include "test/kit/cluster_member.hpp"

#include <caf/actor_proxy.hpp>
#include <caf/all.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/scoped_execution_unit.hpp>

#include <fmt/format.h>

namespace wsrelay::test {

namespace {

using kind = wire_packet::kind;

// Returns the first type that the system has no name for, or null: CAF would
// print that, and its error has the name as the linker knows it.
const std::type_info* find_unregistered(const caf::type_erased_tuple& content,
                                        caf::actor_system& system) {
  auto& types = system.types();
  for (std::size_t i = 0; i < content.size(); ++i) {
    auto type = content.type(i);
    if (type.second && types.portable_name(type) == types.default_type_name())
      return type.second;
  }
  return nullptr;
}

// CAF's proxies say so that an actor of theirs is linked.
bool is_link(const caf::message& content) {
  if (!content.match_elements<caf::atom_value, caf::strong_actor_ptr>())
    return false;
  auto what = content.get_as<caf::atom_value>(0);
  return what == caf::link_atom::value || what == caf::unlink_atom::value;
}

// "@<>+TYPE+TYPE", behind the stages.
std::string type_of(caf::execution_unit& context,
                    const std::vector<char>& bytes) {
  caf::binary_deserializer source{&context, bytes};
  caf::mailbox_element::forwarding_stack stages;
  std::uint16_t number = 0;
  std::string name;
  if (source(stages) || source.begin_object(number, name) || name.size() < 4)
    return "?";
  return name.substr(4);
}

} // namespace

// -- sending ------------------------------------------------------------------

void cluster_member::send(const sent_message& what) {
  auto& to = what.receiver->node();
  auto local = is_here(what.sender);
  if (local && what.id.is_request())
    requests_.insert_or_assign(
        key{what.sender->id(), what.id.request_id().integer_value()},
        open_request{caf::actor_cast<caf::weak_actor_ptr>(what.sender), what.id,
                     to});
  wire_packet packet{kind::message, 0, id_};
  if (auto error = encode(what, packet.bytes))
    return refuse(what, error);
  if (what.sender) {
    packet.source = what.sender->id();
    packet.from = what.sender->node();
    // Who has ended gets no answers, and its lock may be held.
    if (local
        && !what.sender->get()->getf(caf::abstract_actor::is_terminated_flag))
      node_->system().registry().put(what.sender->id(), what.sender);
  }
  packet.dest = what.receiver->id();
  packet.id = what.id.integer_value();
  push(to, std::move(packet));
}

caf::error cluster_member::encode(const sent_message& what,
                                  std::vector<char>& to) {
  auto& system = node_->system();
  if (auto* type = find_unregistered(what.content, system)) {
    world_.failures.push_back(
        fmt::format("{}: {} was not registered (add_message_type), and cannot "
                    "be sent to another node",
                    name_, type_name(*type)));
    return caf::make_error(caf::sec::unknown_type, type_name(*type));
  }
  caf::scoped_execution_unit context{&system};
  caf::binary_serializer sink{&context, to};
  auto stages = what.stages;
  if (auto error = sink(stages))
    return error;
  return caf::message::save(sink, what.content);
}

void cluster_member::refuse(const sent_message& what, const caf::error& why) {
  log(log_part::cluster)
      .warn("message not sent: node={} reason={}",
            to_string(what.receiver->node()), to_text(why));
  if (!what.sender || !what.id.is_request())
    return;
  requests_.erase(key{what.sender->id(), what.id.request_id().integer_value()});
  what.sender->enqueue(nullptr, what.id.response_id(), caf::make_message(why),
                       nullptr);
}

void cluster_member::tell_down(const caf::node_id& whom, caf::actor_id who,
                               const caf::error& reason) {
  caf::scoped_execution_unit context{&node_->system()};
  wire_packet packet{kind::down, 0, id_, who};
  caf::binary_serializer sink{&context, packet.bytes};
  auto copy = reason;
  if (!sink(copy))
    push(whom, std::move(packet));
}

// -- receiving ----------------------------------------------------------------

void cluster_member::on_packet(const caf::node_id& from,
                               const wire_packet& packet) {
  switch (packet.what) {
    case kind::message:
      return on_message(from, packet);
    case kind::monitor:
      return on_monitor(from, packet.dest);
    case kind::down:
      return on_down(from, packet);
    default:
      return;
  }
}

void cluster_member::on_message(const caf::node_id&,
                                const wire_packet& packet) {
  auto id = caf::make_message_id(packet.id);
  if (id.is_response())
    requests_.erase(key{packet.dest, id.request_id().integer_value()});
  auto& registry = node_->system().registry();
  auto receiver = registry.get(packet.dest);
  if (!receiver && !id.is_request())
    return;
  caf::strong_actor_ptr sender;
  if (packet.source != caf::invalid_actor_id)
    sender = packet.from == id_ ? registry.get(packet.source)
                                : proxy_of(packet.from, packet.source);
  if (receiver)
    return deliver(receiver, std::move(sender), packet);
  caf::detail::sync_request_bouncer bounce{
      caf::exit_reason::remote_link_unreachable};
  bounce(sender, id);
}

void cluster_member::deliver(const caf::strong_actor_ptr& receiver,
                             caf::strong_actor_ptr sender,
                             const wire_packet& packet) {
  caf::scoped_execution_unit context{&node_->system()};
  context.proxy_registry_ptr(proxies_.get());
  auto id = caf::make_message_id(packet.id);
  caf::mailbox_element::forwarding_stack stages;
  caf::message content;
  caf::binary_deserializer source{&context, packet.bytes};
  auto unread = source(stages);
  if (!unread)
    unread = content.load(source);
  if (unread) {
    auto why =
        make_error(errc::incompatible,
                   fmt::format("{} cannot be read by {}: {}",
                               type_of(context, packet.bytes),
                               to_text(this_version()), to_text(unread)));
    world_.failures.push_back(name_ + ": " + to_text(why));
    if (id.is_response())
      receiver->enqueue(sender, id, caf::make_message(why), nullptr);
    else if (sender && id.is_request())
      sender->enqueue(nullptr, id.response_id(), caf::make_message(why),
                      nullptr);
    return;
  }
  // What ends elsewhere does not end this node's own actors.
  auto links = is_link(content);
  if ((links || content.match_elements<caf::exit_msg>()) && is_own(receiver))
    return;
  if (links)
    return change_link(content, receiver);
  receiver->enqueue(caf::make_mailbox_element(std::move(sender), id,
                                              std::move(stages),
                                              std::move(content)),
                    nullptr);
}

void cluster_member::change_link(const caf::message& content,
                                 const caf::strong_actor_ptr& receiver) {
  auto& other = content.get_as<caf::strong_actor_ptr>(1);
  auto* proxy = other ? dynamic_cast<caf::actor_proxy*>(
                    caf::actor_cast<caf::abstract_actor*>(other))
                      : nullptr;
  if (!proxy)
    return;
  auto* local = caf::actor_cast<caf::abstract_actor*>(receiver);
  if (content.get_as<caf::atom_value>(0) == caf::link_atom::value)
    proxy->add_link(local);
  else
    proxy->remove_link(local);
}

// Once for all proxies of an actor that a node ever has.
void cluster_member::on_monitor(const caf::node_id& from, caf::actor_id who) {
  auto found = node_->system().registry().get(who);
  if (!found)
    return tell_down(from, who, caf::exit_reason::unknown);
  if (watched_.emplace(from, who).second)
    found->get()->attach_functor([this, from, who](const caf::error& reason) {
      tell_down(from, who, reason);
    });
}

// All that the actor has sent was read before.
void cluster_member::on_down(const caf::node_id& from,
                             const wire_packet& packet) {
  caf::scoped_execution_unit context{&node_->system()};
  context.proxy_registry_ptr(proxies_.get());
  caf::binary_deserializer source{&context, packet.bytes};
  caf::error reason;
  if (source(reason))
    reason = caf::exit_reason::unknown;
  proxies_->erase(from, packet.source, std::move(reason));
}

} // namespace wsrelay::test
