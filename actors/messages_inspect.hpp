// The fields of every message for CAF's serialisation; part of messages.hpp.
#pragma once

#include "actors/messages.hpp"

#include <caf/meta/type_name.hpp>

namespace wsrelay {

/// @private
template <class Inspector, class... Fields>
auto inspect_fields(Inspector& f, const char* name, Fields&... fields) {
  return f(caf::meta::type_name(name), fields...);
}

// Defines `inspect` for a message and its topic in logs.
#define WSRELAY_INSPECT(type, ...)                                             \
  template <class Inspector>                                                   \
  typename Inspector::result_type inspect(Inspector& f, type& x) {             \
    return inspect_fields(f, #type, __VA_ARGS__);                              \
  }

WSRELAY_INSPECT(ws_join, x.client, x.client_pid, x.metadata)
WSRELAY_INSPECT(ws_message, x.client, x.client_pid, x.topic, x.seq, x.type,
                x.data, x.metadata)
WSRELAY_INSPECT(ws_heartbeat, x.client, x.client_pid, x.uptime, x.message_count,
                x.metadata)
WSRELAY_INSPECT(ws_leave, x.client, x.client_pid, x.reason, x.code, x.text,
                x.last_seq, x.metadata)
WSRELAY_INSPECT(ws_send, x.type, x.data)
WSRELAY_INSPECT(ws_close, x.code, x.reason)
WSRELAY_INSPECT(ws_control, x.target, x.target_pid, x.message_topic,
                x.heartbeat_interval, x.metadata)
WSRELAY_INSPECT(ws_event, x.topic, x.data)
WSRELAY_INSPECT(connection_numbers, x.target_pid, x.age, x.messages_in,
                x.bytes_in, x.messages_out, x.bytes_out, x.queued_messages,
                x.queued_bytes)
WSRELAY_INSPECT(connection_stats, x.client, x.client_pid, x.numbers)
WSRELAY_INSPECT(ws_watch, x.watcher, x.payload)
WSRELAY_INSPECT(ws_traffic, x.client_pid, x.kind, x.number, x.type, x.size,
                x.data, x.reason, x.missed)
WSRELAY_INSPECT(http_request, x.method, x.target, x.path, x.query, x.headers,
                x.params, x.body, x.remote_address)
WSRELAY_INSPECT(relay_to, x.target, x.message_topic, x.heartbeat_interval,
                x.metadata)
WSRELAY_INSPECT(http_response, x.status, x.headers, x.body, x.relay)
WSRELAY_INSPECT(directory_put, x.name, x.who)
WSRELAY_INSPECT(directory_offer, x.name, x.who)
WSRELAY_INSPECT(directory_erase, x.name, x.who)
WSRELAY_INSPECT(directory_get, x.target)
WSRELAY_INSPECT(directory_entry, x.name, x.who)
WSRELAY_INSPECT(audience_open, x.owner)
WSRELAY_INSPECT(audience_opened, x.audience)
WSRELAY_INSPECT(audience_change, x.add, x.remove)
WSRELAY_INSPECT(node_lost, x.node)
WSRELAY_INSPECT(peer_hello, x.name, x.directory)
WSRELAY_INSPECT(connection_info, x.client, x.client_pid, x.remote_address,
                x.endpoint)
WSRELAY_INSPECT(connection_row, x.client_pid, x.remote_address, x.endpoint,
                x.numbers)
WSRELAY_INSPECT(acceptor_opened, x.info)
WSRELAY_INSPECT(acceptor_socket_closed, x.count)
WSRELAY_INSPECT(acceptor_stop, x.timeout)
WSRELAY_INSPECT(acceptor_tick, x.id)

#undef WSRELAY_INSPECT

// The same for a message without fields.
#define WSRELAY_INSPECT_EMPTY(type)                                            \
  template <class Inspector>                                                   \
  typename Inspector::result_type inspect(Inspector& f, type&) {               \
    return f(caf::meta::type_name(#type));                                     \
  }

WSRELAY_INSPECT_EMPTY(directory_list)
WSRELAY_INSPECT_EMPTY(peer_list)
WSRELAY_INSPECT_EMPTY(peer_retry)
WSRELAY_INSPECT_EMPTY(acceptor_start)
WSRELAY_INSPECT_EMPTY(acceptor_list)
WSRELAY_INSPECT_EMPTY(acceptor_stats)
WSRELAY_INSPECT_EMPTY(connection_stats_get)
WSRELAY_INSPECT_EMPTY(connection_shutdown)
WSRELAY_INSPECT_EMPTY(connection_finished)

#undef WSRELAY_INSPECT_EMPTY

} // namespace wsrelay
