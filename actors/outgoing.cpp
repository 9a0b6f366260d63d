// What goes to a client.
#include "actors/outgoing.hpp"

#include "actors/error.hpp"
#include "protocol/close_code.hpp"
#include "protocol/topic.hpp"

namespace wsrelay {

caf::expected<caf::message> to_outgoing(const caf::message& content) {
  if (content.match_elements<ws_send>()) {
    if (auto error = check(content.get_as<ws_send>(0)))
      return error;
    return content;
  }
  if (content.match_elements<ws_event>()) {
    auto made = to_send(content.get_as<ws_event>(0), false);
    if (!made)
      return std::move(made.error());
    return caf::make_message(std::move(*made));
  }
  if (content.match_elements<ws_close>()) {
    auto& message = content.get_as<ws_close>(0);
    if (auto checked = check_close(message.code, message.reason); !checked)
      return make_error(errc::invalid_close, checked.error().what);
    return content;
  }
  return make_error(errc::invalid_message,
                    "clients get ws_send, ws_event and ws_close");
}

caf::expected<ws_send> to_send(const ws_event& event, bool needs_key) {
  if (is_reserved(event.topic))
    return make_error(errc::reserved_topic, "topics in ws. are reserved");
  if (auto checked = check_topic(event.topic); !checked)
    return make_error(errc::invalid_topic, checked.error().what);
  auto envelope = make_envelope(event.topic, event.data.view());
  if (!envelope)
    return make_error(errc::invalid_json, envelope.error().what);
  ws_send made{message_type::text, *envelope, event.priority, event.key};
  if (needs_key && made.key.empty())
    made.key = shared_buffer{event.topic};
  return made;
}

caf::error check(const ws_send& message) {
  if (message.type != message_type::text
      && message.type != message_type::binary)
    return make_error(errc::invalid_message, "no such type of message");
  if (message.type == message_type::text && !message.data.is_utf8())
    return make_error(errc::invalid_utf8, "a text message must be UTF-8");
  return caf::none;
}

} // namespace wsrelay
