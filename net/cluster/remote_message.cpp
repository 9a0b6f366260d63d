// Receiver, sender, content.
#include "net/cluster/remote_message.hpp"

#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/node_messages.hpp"
#include "actors/own_actors.hpp"
#include "net/cluster/careful_source.hpp"
#include "net/loop/large_memory.hpp"

#include <caf/actor_proxy.hpp>
#include <caf/all.hpp>
#include <caf/detail/sync_request_bouncer.hpp>

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace wsrelay {

namespace {

bool is_named(const basp_header& header) {
  return header.has(basp_header::named_receiver_flag);
}

caf::strong_actor_ptr receiver_of(caf::actor_system& system,
                                  const basp_header& header) {
  auto& registry = system.registry();
  if (is_named(header))
    return registry.get(static_cast<caf::atom_value>(header.dest_actor));
  return registry.get(header.dest_actor);
}

caf::strong_actor_ptr sender_of(caf::actor_system& system,
                                caf::proxy_registry& proxies,
                                const remote_message& message) {
  auto id = message.header.source_actor;
  if (id == caf::invalid_actor_id || !message.from)
    return nullptr;
  if (message.from == system.node())
    return system.registry().get(id);
  return proxies.get_or_put(message.from, id);
}

// Actors of CAF's that each node has, and the broker, which would do all that
// this node's own actors can ask of it.
std::string refuse_named(const basp_header& header,
                         const caf::message& content) {
  switch (header.dest_actor) {
    case static_cast<std::uint64_t>(broker_name):
      return content.match_elements<node_lost>()
                 ? ""
                 : "message that the broker does not take from others";
    case static_cast<std::uint64_t>(caf::atom("ConfigServ")):
    case static_cast<std::uint64_t>(caf::atom("SpawnServ")):
      return !content.empty() && content.match_element<caf::atom_value>(0)
                 ? ""
                 : "message that CAF's own actors do not take";
    default:
      return "message to a name that no node has";
  }
}

// CAF's proxies say so that an actor of theirs is linked.
bool is_link(const caf::message& content) {
  if (!content.match_elements<caf::atom_value, caf::strong_actor_ptr>())
    return false;
  auto what = content.get_as<caf::atom_value>(0);
  return what == caf::link_atom_v || what == caf::unlink_atom_v;
}

std::string change_link(const caf::message& content,
                        const caf::strong_actor_ptr& receiver) {
  auto& other = content.get_as<caf::strong_actor_ptr>(1);
  if (!other)
    return {};
  auto* proxy = dynamic_cast<caf::actor_proxy*>(
      caf::actor_cast<caf::abstract_actor*>(other));
  if (!proxy)
    return "link between actors of this node";
  auto* local = caf::actor_cast<caf::abstract_actor*>(receiver);
  if (content.get_as<caf::atom_value>(0) == caf::link_atom_v)
    proxy->add_link(local);
  else
    proxy->remove_link(local);
  return {};
}

// `load`, since as an argument a message loses its errors (`careful_source`).
caf::error read_content(careful_source& source,
                        caf::mailbox_element::forwarding_stack& stages,
                        caf::message& content) {
  if (auto error = source(stages))
    return error;
  if (auto error = content.load(source))
    return error;
  return source.failure();
}

// What CAF says of it names neither the message nor the program.
caf::error explain(const std::string& type, const caf::error& unread) {
  return make_error(errc::incompatible,
                    fmt::format("{} cannot be read by {}: {}", type,
                                to_text(this_version()), to_text(unread)));
}

// Whoever waits for an answer gets one.
void tell_waiting(caf::execution_unit* context,
                  const caf::strong_actor_ptr& sender,
                  const caf::strong_actor_ptr& receiver, caf::message_id id,
                  const caf::error& unread) {
  if (id.is_response())
    enqueue_to(receiver, sender, id, caf::make_message(unread), context);
  else if (sender && id.is_request())
    enqueue_to(sender, nullptr, id.response_id(), caf::make_message(unread),
               context);
}

std::size_t size_of(const http_fields& fields) {
  std::size_t result = 0;
  for (auto& [name, value] : fields)
    result += name.size() + value.size();
  return result;
}

std::size_t size_of(const ws_message& x) {
  return x.client_pid.size() + x.topic.size() + x.data.size()
         + x.metadata.size();
}

std::size_t size_of(const ws_send& x) {
  return x.data.size() + x.key.size();
}

std::size_t size_of(const ws_event& x) {
  return x.topic.size() + x.data.size() + x.key.size();
}

std::size_t size_of(const ws_heartbeat& x) {
  return x.client_pid.size() + x.metadata.size();
}

std::size_t size_of(const ws_join& x) {
  return x.client_pid.size() + x.metadata.size();
}

std::size_t size_of(const ws_leave& x) {
  return x.client_pid.size() + x.text.size() + x.metadata.size();
}

std::size_t size_of(const http_request& x) {
  return x.target.size() + x.path.size() + x.query.size() + size_of(x.headers)
         + size_of(x.params) + x.body.size();
}

std::size_t size_of(const http_response& x) {
  return size_of(x.headers) + x.body.size();
}

template <class Message>
bool add_bulk(const caf::type_erased_tuple& content, std::size_t& result) {
  if (!content.match_elements<Message>())
    return false;
  result = size_of(content.get_as<Message>(0));
  return true;
}

} // namespace

delivery deliver(caf::execution_unit* context, caf::proxy_registry& proxies,
                 const remote_message& message) {
  auto& system = context->system();
  auto& header = message.header;
  auto id = caf::make_message_id(header.operation_data);
  auto receiver = receiver_of(system, header);
  if (!receiver && !id.is_request())
    return {};
  auto sender = sender_of(system, proxies, message);
  if (!receiver) {
    caf::detail::sync_request_bouncer bounce{
        caf::exit_reason::remote_link_unreachable};
    bounce(sender, id);
    return {};
  }
  caf::mailbox_element::forwarding_stack stages;
  caf::message content;
  careful_source source{context, message.payload};
  if (auto unread = read_content(source, stages, content)) {
    auto why = explain(source.type(), unread);
    tell_waiting(context, sender, receiver, id, why);
    return {.offence = source.offence(),
            .unread = std::move(why),
            .type = source.type()};
  }
  if (is_named(header)) {
    if (auto why = refuse_named(header, content); !why.empty())
      return {.offence = std::move(why)};
    if (content.match_elements<node_lost>())
      return {.lost = content.get_as<node_lost>(0).node};
  }
  // What ends elsewhere, linked or not, does not end this node's own actors.
  // Nor does it end the connection: CAF sends an exit for each link.
  auto links = is_link(content);
  if ((links || content.match_elements<caf::exit_msg>()) && is_own(receiver))
    return {};
  if (links)
    return {.offence = change_link(content, receiver)};
  enqueue_to(receiver,
             caf::make_mailbox_element(std::move(sender), id, std::move(stages),
                                       std::move(content)),
             context);
  return {};
}

std::size_t bulk_of(const caf::type_erased_tuple& content) {
  std::size_t result = 0;
  static_cast<void>(add_bulk<ws_message>(content, result)
                    || add_bulk<ws_send>(content, result)
                    || add_bulk<ws_event>(content, result)
                    || add_bulk<ws_heartbeat>(content, result)
                    || add_bulk<ws_join>(content, result)
                    || add_bulk<ws_leave>(content, result)
                    || add_bulk<http_request>(content, result)
                    || add_bulk<http_response>(content, result));
  return result;
}

void make_room(std::vector<char>& to, std::size_t bulk) {
  constexpr std::size_t others = 64 * 1024;     // of its fields
  if (bulk < max_basp_part || bulk < to.size()) // it grows by doubling
    return;
  to.reserve(to.size() + bulk + others);
  prefer_large_pages(to.data() + to.size(), bulk + others);
}

delivery read_reason(caf::execution_unit* context, std::string_view payload,
                     caf::error& reason) {
  careful_source source{context, payload};
  auto unread = source(reason);
  return {.offence = source.offence(),
          .unread = unread ? std::move(unread) : source.failure()};
}

} // namespace wsrelay
