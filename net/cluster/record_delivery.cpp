// Receiver, sender, message.
#include "net/cluster/record_delivery.hpp"

#include "actors/caf_compat.hpp"

#include <caf/all.hpp>
#include <caf/detail/sync_request_bouncer.hpp>

#include <utility>

namespace wsrelay {

namespace {

template <class T>
caf::mailbox_element_ptr element(caf::strong_actor_ptr sender,
                                 caf::message_id id, T content) {
  return caf::make_mailbox_element(std::move(sender), id, {},
                                   std::move(content));
}

} // namespace

void record_delivery::deliver(caf::execution_unit* context,
                              caf::proxy_registry& proxies,
                              const caf::node_id& from,
                              const bundle_record& record) {
  auto& head = record.head;
  auto id = caf::make_message_id(head.id);
  auto receiver = context->system().registry().get(head.dest);
  if (!receiver && !id.is_request())
    return;
  caf::strong_actor_ptr sender;
  if (head.source != caf::invalid_actor_id)
    sender = proxies.get_or_put(from, head.source);
  if (!receiver) {
    caf::detail::sync_request_bouncer bounce{
        caf::exit_reason::remote_link_unreachable};
    return bounce(sender, id);
  }
  auto hand_over = [&](auto content) {
    enqueue_to(receiver, element(std::move(sender), id, std::move(content)),
               context);
  };
  if (auto* message = std::get_if<message_record>(&record.what))
    hand_over(
        to_message(*message, head.source, caf::actor_cast<caf::actor>(sender)));
  else if (auto* send = std::get_if<send_record>(&record.what))
    hand_over(ws_send{send->type, shared_buffer{send->data}});
  else if (auto* event = std::get_if<event_record>(&record.what))
    hand_over(ws_event{std::string{event->topic}, shared_buffer{event->data}});
  else
    enqueue_to(receiver, std::move(sender), id, caf::message{}, context);
}

ws_message record_delivery::to_message(const message_record& record,
                                       std::uint64_t source,
                                       caf::actor client) {
  if (!texts_)
    texts_ = std::make_unique<std::array<texts, places>>();
  auto& last = (*texts_)[source % places];
  return {std::move(client),
          keep(last.client_pid, record.client_pid),
          keep(last.topic, record.topic),
          record.seq,
          record.type,
          shared_buffer{record.data},
          keep(last.metadata, record.metadata)};
}

shared_buffer record_delivery::keep(shared_buffer& last,
                                    std::string_view text) {
  if (last.view() == text)
    return last;
  shared_buffer result{text};
  if (text.size() <= max_kept)
    last = result;
  return result;
}

} // namespace wsrelay
