// The fields of messages.hpp for CAF's serialisation; part of it.
#pragma once

#include "actors/inspect.hpp"
#include "actors/messages.hpp"

namespace wsrelay {

/// @private What a `relay_to` has since protocol 2.
struct relay_terms {
  std::string subprotocol;
  caf::optional<milliseconds> expires_at;
  std::string limit_key;
  std::uint32_t limit_max = 0;
  bool report_overflow = false;
  std::string target_name;
  std::string state;
  std::vector<std::string> groups;
};

/// @private
inline relay_terms terms_of(const http_response& x) {
  return x.relay ? relay_terms{x.relay->subprotocol,     x.relay->expires_at,
                               x.relay->limit_key,       x.relay->limit_max,
                               x.relay->report_overflow, x.relay->target_name,
                               x.relay->state,           x.relay->groups}
                 : relay_terms{};
}

/// @private
inline void set_terms(http_response& x, relay_terms terms) {
  if (!x.relay)
    return;
  x.relay->subprotocol = std::move(terms.subprotocol);
  x.relay->expires_at = terms.expires_at;
  x.relay->limit_key = std::move(terms.limit_key);
  x.relay->limit_max = terms.limit_max;
  x.relay->report_overflow = terms.report_overflow;
  x.relay->target_name = std::move(terms.target_name);
  x.relay->state = std::move(terms.state);
  x.relay->groups = std::move(terms.groups);
}

WSRELAY_INSPECT(ws_join, x.client, x.client_pid, x.metadata,
                appended<2>(x.subprotocol), appended<2>(x.traceparent),
                appended<2>(x.state))
WSRELAY_INSPECT(ws_message, x.client, x.client_pid, x.topic, x.seq, x.type,
                x.data, x.metadata, appended<2>(x.redelivered))
WSRELAY_INSPECT(ws_heartbeat, x.client, x.client_pid, x.uptime, x.message_count,
                x.metadata)
WSRELAY_INSPECT(ws_leave, x.client, x.client_pid, x.reason, x.code, x.text,
                x.last_seq, x.metadata)
WSRELAY_INSPECT(ws_refused, x.metadata, x.reason)
WSRELAY_INSPECT(ws_send, x.type, x.data, appended<2>(x.priority),
                appended<2>(x.key))
WSRELAY_INSPECT(ws_overflow, x.client, x.client_pid, x.dropped, x.queued)
WSRELAY_INSPECT(ws_drained, x.client, x.client_pid, x.dropped)
WSRELAY_INSPECT(ws_close, x.code, x.reason)
WSRELAY_INSPECT(ws_control, x.target, x.target_pid, x.message_topic,
                x.heartbeat_interval, x.metadata, appended<2>(x.expires_at),
                appended<2>(x.is_successor), appended<2>(x.join_groups),
                appended<2>(x.leave_groups))
WSRELAY_INSPECT(ws_event, x.topic, x.data, appended<2>(x.priority),
                appended<2>(x.key))
WSRELAY_INSPECT_ROW(client_certificate, x.subject, x.names)
WSRELAY_INSPECT(http_request, x.method, x.target, x.path, x.query, x.headers,
                x.params, x.body, x.remote_address, x.scheme, x.host,
                x.websocket, appended<2>(x.certificate),
                appended<2>(x.client_pid))
WSRELAY_INSPECT(relay_to, x.target, x.message_topic, x.heartbeat_interval,
                x.metadata)
WSRELAY_INSPECT_ROW(relay_terms, x.subprotocol, x.expires_at, x.limit_key,
                    x.limit_max, x.report_overflow, x.target_name, x.state,
                    x.groups)

// A `relay_to` stands inside of it, so its later fields come behind the rest.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, http_response& x) {
  auto terms = terms_of(x);
  auto fields = [&] {
    return inspect_fields(f, "http_response", x.status, x.headers, x.body,
                          x.relay, appended<2>(terms));
  };
  if constexpr (std::is_base_of_v<caf::deserializer, Inspector>) {
    auto error = fields();
    set_terms(x, std::move(terms));
    return error;
  } else {
    return fields();
  }
}

// What one more field of a message to one adds, these append, too.
WSRELAY_INSPECT(group_send, x.group, x.except_pid, x.message.type,
                x.message.data, x.message.priority, x.message.key)
WSRELAY_INSPECT(group_event, x.group, x.except_pid, x.message.topic,
                x.message.data, x.message.priority, x.message.key)
WSRELAY_INSPECT(group_close, x.group, x.except_pid, x.message.code,
                x.message.reason)
WSRELAY_INSPECT(group_count_get, x.group, x.only_here)
WSRELAY_INSPECT(group_count, x.members, x.nodes, x.is_complete)
WSRELAY_INSPECT(directory_put, x.name, x.who)
WSRELAY_INSPECT(directory_offer, x.name, x.who)
WSRELAY_INSPECT(directory_entry, x.name, x.who)
WSRELAY_INSPECT(directory_offers, x.entries)
WSRELAY_INSPECT(directory_erase, x.name, x.who)
WSRELAY_INSPECT(directory_get, x.target)
WSRELAY_INSPECT(directory_page_get, x.prefix, x.after)
WSRELAY_INSPECT_ROW(directory_row, x.name, x.pid)
WSRELAY_INSPECT(directory_page, x.rows, x.more)
WSRELAY_INSPECT(drain_watch, x.who)
WSRELAY_INSPECT(node_draining, x.deadline)
WSRELAY_INSPECT_EMPTY(directory_count_get)
WSRELAY_INSPECT_EMPTY(directory_list)

} // namespace wsrelay
