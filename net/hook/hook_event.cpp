// Attributes, body, signature.
#include "net/hook/hook_event.hpp"

#include "actors/ending.hpp"
#include "protocol/cloud_event.hpp"
#include "protocol/json.hpp"
#include "protocol/pid.hpp"
#include "protocol/trace_context.hpp"
#include "protocol/webhook_signature.hpp"
#include "protocol/websocket_events.hpp"

#include <fmt/format.h>

namespace wsrelay {

namespace {

constexpr std::string_view text_type = "text/plain; charset=utf-8";
constexpr std::string_view binary_type = "application/octet-stream";
constexpr std::string_view json_type = "application/json";

std::string numbered(const shared_buffer& pid, std::string_view word,
                     std::uint64_t number) {
  return fmt::format("{}/{}/{}", url_pid(pid.view()), word, number);
}

std::string_view type_of(std::span<const hook_event> events) {
  auto& first = events.front();
  if (events.size() > 1)
    return websocket_events_type;
  if (first.kind != hook_kind::message)
    return json_type;
  return first.type == message_type::text ? text_type : binary_type;
}

shared_buffer body_of(std::span<const hook_event> events) {
  if (events.size() == 1)
    return events.front().data;
  std::string out;
  for (auto& each : events)
    append_websocket_event(out,
                           each.type == message_type::text
                               ? websocket_event::kind::text
                               : websocket_event::kind::binary,
                           each.data.view());
  return shared_buffer{std::move(out)};
}

cloud_event attributes_of(const hook_destination& where,
                          const hook_subject& who, const hook_event& last,
                          std::size_t count) {
  cloud_event result{to_text(last.kind), where.source, last.id, {}, last.time};
  auto& more = result.extensions;
  more.emplace_back("connectionid", url_pid(who.pid));
  more.emplace_back("seq", std::to_string(last.seq));
  if (!last.topic.empty())
    more.emplace_back("topic", last.topic.view());
  if (count > 1)
    more.emplace_back("count", std::to_string(count));
  if (last.redelivered)
    more.emplace_back("redelivered", "true");
  if (!who.subprotocol.empty())
    more.emplace_back("subprotocol", who.subprotocol);
  if (!who.state.empty())
    more.emplace_back("state", who.state);
  return result;
}

} // namespace

std::string_view to_text(hook_kind kind) noexcept {
  switch (kind) {
    case hook_kind::connected:
      return "org.wsrelay.connected";
    case hook_kind::message:
      return "org.wsrelay.message";
    case hook_kind::heartbeat:
      return "org.wsrelay.heartbeat";
    case hook_kind::disconnected:
      break;
  }
  return "org.wsrelay.disconnected";
}

hook_event make_connected(const ws_join& message, std::uint64_t number) {
  hook_event result;
  result.kind = hook_kind::connected;
  result.id = numbered(message.client_pid, "connected", number);
  result.data = message.metadata.empty() ? shared_buffer{std::string{"{}"}}
                                         : message.metadata;
  return result;
}

hook_event make_message(const ws_message& message) {
  hook_event result;
  result.id =
      fmt::format("{}/{}", url_pid(message.client_pid.view()), message.seq);
  result.redelivered = message.redelivered;
  result.seq = message.seq;
  result.type = message.type;
  result.data = message.data;
  result.topic = message.topic;
  return result;
}

hook_event make_heartbeat(const ws_heartbeat& message, std::uint64_t number) {
  hook_event result;
  result.kind = hook_kind::heartbeat;
  result.id = numbered(message.client_pid, "heartbeat", number);
  result.seq = message.message_count;
  result.data =
      shared_buffer{fmt::format(R"({{"uptime_ms":{},"message_count":{}}})",
                                message.uptime.count(), message.message_count)};
  return result;
}

hook_event make_disconnected(const ws_leave& message, std::uint64_t number) {
  hook_event result;
  result.kind = hook_kind::disconnected;
  result.id = numbered(message.client_pid, "disconnected", number);
  result.seq = message.last_seq;
  result.data = shared_buffer{
      fmt::format(R"({{"reason":"{}","code":{},"text":{},"last_seq":{}}})",
                  to_text(message.reason), message.code,
                  json_string(message.text), message.last_seq)};
  return result;
}

http_request to_request(const hook_destination& where, const hook_subject& who,
                        std::span<const hook_event> events, milliseconds now) {
  auto& last = events.back();
  http_request result;
  result.method = "POST";
  result.target = where.request_target;
  result.path = result.target.substr(0, result.target.find('?'));
  result.body = body_of(events);
  result.headers.emplace_back("Content-Type", type_of(events));
  for (auto& field : to_fields(attributes_of(where, who, last, events.size())))
    result.headers.push_back(std::move(field));
  if (!who.traceparent.empty())
    result.headers.emplace_back(traceparent_header, who.traceparent);
  if (where.keys.empty())
    return result;
  auto seconds = now.count() / 1000;
  result.headers.emplace_back(webhook_id_header, last.id);
  result.headers.emplace_back(webhook_timestamp_header,
                              std::to_string(seconds));
  result.headers.emplace_back(
      webhook_signature_header,
      webhook_signature(where.keys, last.id, seconds, result.body.view()));
  return result;
}

} // namespace wsrelay
