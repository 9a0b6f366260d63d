// The fields of node_messages.hpp for CAF's serialisation; part of it.
#pragma once

#include "actors/inspect.hpp"
#include "actors/node_messages.hpp"

namespace wsrelay {

WSRELAY_INSPECT(connection_numbers, x.target_pid, x.age, x.messages_in,
                x.bytes_in, x.messages_out, x.bytes_out, x.queued_messages,
                x.queued_bytes)
WSRELAY_INSPECT(connection_stats_get, appended<2>(x.with_metadata))
WSRELAY_INSPECT(connection_stats, x.client, x.client_pid, x.numbers,
                appended<2>(x.metadata))
WSRELAY_INSPECT_ROW(flight_row, x.at, x.last, x.count, x.what, x.detail)
WSRELAY_INSPECT_ROW(connection_report, x.client_pid, x.remote_address,
                    x.endpoint, x.phase, x.numbers, x.opened_at, x.trace,
                    x.compressed, x.events, x.events_left_out, x.metadata,
                    x.message_topic, x.subprotocol, x.heartbeat_interval,
                    x.expires_at, x.groups, x.cause, x.code, x.text, x.ended_at)
WSRELAY_INSPECT(acceptor_ended_get, x.id)
WSRELAY_INSPECT(ws_watch, x.watcher, x.payload)
WSRELAY_INSPECT(ws_traffic, x.client_pid, x.kind, x.number, x.type, x.size,
                x.data, x.reason, x.missed)
WSRELAY_INSPECT(connection_info, x.client, x.client_pid, x.remote_address,
                x.endpoint)
WSRELAY_INSPECT(connection_row, x.client_pid, x.remote_address, x.endpoint,
                x.numbers)
WSRELAY_INSPECT(acceptor_page_get, x.after, x.with_metadata)
WSRELAY_INSPECT_ROW(connection_page_row, x.client_pid, x.remote_address,
                    x.endpoint, x.numbers, x.metadata)
WSRELAY_INSPECT(connection_page, x.rows, x.last, x.more)
WSRELAY_INSPECT(acceptor_stop, x.timeout)
WSRELAY_INSPECT(acceptor_drain, x.spread, x.rate, x.longest)
WSRELAY_INSPECT(connection_drain, x.retry)
WSRELAY_INSPECT(connection_unpark, x.place)
WSRELAY_INSPECT(successor_get, x.name)
WSRELAY_INSPECT(peer_step_back, x.name, x.steps_back)
WSRELAY_INSPECT(node_reload_report, x.changed, x.kept)
WSRELAY_INSPECT(node_log, x.level, x.part)
WSRELAY_INSPECT(log_level_row, x.part, x.level)
WSRELAY_INSPECT(directory_drain, x.deadline)
WSRELAY_INSPECT(acceptor_tick, x.gives_up)
WSRELAY_INSPECT(peer_hello, x.name, x.directory, appended<2>(x.version.release),
                appended<2>(x.version.protocol), appended<2>(x.version.oldest),
                appended<2>(x.version.features))
WSRELAY_INSPECT(peer_entry, x.name, x.directory)
WSRELAY_INSPECT_ROW(peer_info, x.name, x.node, x.version.release,
                    x.version.protocol, x.version.oldest, x.version.features,
                    x.address, x.connected, x.heard, x.waiting)
WSRELAY_INSPECT(link_details, x.node, x.address, x.connected, x.heard,
                x.waiting)
WSRELAY_INSPECT(peer_retire, x.retires)
WSRELAY_INSPECT(peer_is_self, x.address)
WSRELAY_INSPECT(resolve_again, x.timer)
WSRELAY_INSPECT(name_lookup, x.host)
WSRELAY_INSPECT(directory_puts, x.entries)
WSRELAY_INSPECT(directory_puts_answer, x.waiting, x.refused)
WSRELAY_INSPECT(directory_erases, x.entries)
WSRELAY_INSPECT(directory_own, x.name, x.who)
WSRELAY_INSPECT(directory_claims, x.entries)
WSRELAY_INSPECT(group_news, x.here, x.gone)
WSRELAY_INSPECT(group_relay, x.group, x.except_pid, x.closes, x.message.type,
                x.message.data, x.message.priority, x.message.key, x.close.code,
                x.close.reason)
WSRELAY_INSPECT(group_change, x.client, x.join, x.leave)
WSRELAY_INSPECT(group_peer, x.directory)
WSRELAY_INSPECT(group_feed_again, x.node)
WSRELAY_INSPECT(directory_start, x.links)
WSRELAY_INSPECT(node_known, x.node, x.version.release)
WSRELAY_INSPECT(node_refused, x.node)
WSRELAY_INSPECT(node_stops, x.node)
WSRELAY_INSPECT(relief_watch, x.watcher)
WSRELAY_INSPECT(node_relieved, x.node)
WSRELAY_INSPECT(goodbye_told, x.number)
WSRELAY_INSPECT(audience_open, x.owner)
WSRELAY_INSPECT(audience_opened, x.audience)
WSRELAY_INSPECT(audience_change, x.add, x.remove)
WSRELAY_INSPECT(node_lost, x.node)
WSRELAY_INSPECT_EMPTY(connection_report_get)
WSRELAY_INSPECT_EMPTY(acceptor_count_get)
WSRELAY_INSPECT_EMPTY(node_drain)
WSRELAY_INSPECT_EMPTY(node_reload)
WSRELAY_INSPECT_EMPTY(acceptor_list)
WSRELAY_INSPECT_EMPTY(acceptor_stats)
WSRELAY_INSPECT_EMPTY(connection_shutdown)
WSRELAY_INSPECT_EMPTY(acceptor_drain_tick)
WSRELAY_INSPECT_EMPTY(connection_finished)
WSRELAY_INSPECT_EMPTY(directory_stop)
WSRELAY_INSPECT_EMPTY(peer_goodbye)
WSRELAY_INSPECT_EMPTY(peer_retry)
WSRELAY_INSPECT_EMPTY(peer_list)
WSRELAY_INSPECT_EMPTY(peer_details)
WSRELAY_INSPECT_EMPTY(peer_lost)
WSRELAY_INSPECT_EMPTY(link_details_get)

} // namespace wsrelay
