// The fields of messages.hpp for CAF's serialisation; part of it.
#pragma once

#include "actors/inspect.hpp"
#include "actors/messages.hpp"

namespace wsrelay {

WSRELAY_INSPECT(ws_join, x.client, x.client_pid, x.metadata)
WSRELAY_INSPECT(ws_message, x.client, x.client_pid, x.topic, x.seq, x.type,
                x.data, x.metadata)
WSRELAY_INSPECT(ws_heartbeat, x.client, x.client_pid, x.uptime, x.message_count,
                x.metadata)
WSRELAY_INSPECT(ws_leave, x.client, x.client_pid, x.reason, x.code, x.text,
                x.last_seq, x.metadata)
WSRELAY_INSPECT(ws_refused, x.metadata, x.reason)
WSRELAY_INSPECT(ws_send, x.type, x.data)
WSRELAY_INSPECT(ws_close, x.code, x.reason)
WSRELAY_INSPECT(ws_control, x.target, x.target_pid, x.message_topic,
                x.heartbeat_interval, x.metadata)
WSRELAY_INSPECT(ws_event, x.topic, x.data)
WSRELAY_INSPECT(http_request, x.method, x.target, x.path, x.query, x.headers,
                x.params, x.body, x.remote_address, x.scheme, x.host,
                x.websocket)
WSRELAY_INSPECT(relay_to, x.target, x.message_topic, x.heartbeat_interval,
                x.metadata)
WSRELAY_INSPECT(http_response, x.status, x.headers, x.body, x.relay)
WSRELAY_INSPECT(directory_put, x.name, x.who)
WSRELAY_INSPECT(directory_offer, x.name, x.who)
WSRELAY_INSPECT(directory_entry, x.name, x.who)
WSRELAY_INSPECT(directory_offers, x.entries)
WSRELAY_INSPECT(directory_erase, x.name, x.who)
WSRELAY_INSPECT(directory_get, x.target)
WSRELAY_INSPECT(directory_page_get, x.prefix, x.after)
WSRELAY_INSPECT_ROW(directory_row, x.name, x.pid)
WSRELAY_INSPECT(directory_page, x.rows, x.more)
WSRELAY_INSPECT_EMPTY(directory_list)

} // namespace wsrelay
