// The stable names of the messages.
#include "actors/node_messages.hpp"

#include "actors/absent_peers.hpp"
#include "actors/error.hpp"
#include "actors/operator_order.hpp"

#include <typeindex>
#include <utility>

namespace wsrelay {

namespace {

// CAF's `add_message_type` adds vectors and streams of the type, too: nobody
// sends one, another node could, and they are two thirds of the code.
template <class T>
void add(caf::actor_system_config& config, std::string name) {
  auto make = &caf::make_type_erased_value<T>;
  config.type_names_by_rtti.emplace(typeid(T), name);
  config.value_factories_by_rtti.emplace(typeid(T), make);
  config.value_factories_by_name.emplace(std::move(name), make);
}

} // namespace

void add_message_types(caf::actor_system_config& config) {
  add<shared_buffer>(config, "ws.buffer");
  add<ws_join>(config, "ws.join");
  add<ws_message>(config, "ws.message");
  add<ws_heartbeat>(config, "ws.heartbeat");
  add<ws_leave>(config, "ws.leave");
  add<ws_refused>(config, "ws.refused");
  add<ws_overflow>(config, "ws.overflow");
  add<ws_drained>(config, "ws.drained");
  add<ws_send>(config, "ws.send");
  add<ws_close>(config, "ws.close");
  add<ws_control>(config, "ws.control");
  add<ws_event>(config, "ws.event");
  add<connection_stats_get>(config, "connection.stats-get");
  add<connection_stats>(config, "connection.stats");
  add<connection_report_get>(config, "connection.report-get");
  add<connection_report>(config, "connection.report");
  add<acceptor_ended_get>(config, "acceptor.ended-get");
  add<std::vector<connection_report>>(config, "acceptor.ended");
  add<ws_watch>(config, "ws.watch");
  add<ws_traffic>(config, "ws.traffic");
  add<http_request>(config, "http.request");
  add<http_response>(config, "http.response");
  add<directory_put>(config, "directory.put");
  add<directory_offer>(config, "directory.offer");
  add<directory_offers>(config, "directory.offers");
  add<directory_puts>(config, "directory.puts");
  add<directory_puts_answer>(config, "directory.puts-answer");
  add<directory_erases>(config, "directory.erases");
  add<directory_erase>(config, "directory.erase");
  add<directory_get>(config, "directory.get");
  add<directory_list>(config, "directory.list");
  add<std::vector<directory_entry>>(config, "directory.entries");
  add<directory_count_get>(config, "directory.count-get");
  add<directory_page_get>(config, "directory.page-get");
  add<directory_page>(config, "directory.page");
  add<group_send>(config, "group.send");
  add<group_event>(config, "group.event");
  add<group_close>(config, "group.close");
  add<group_count_get>(config, "group.count-get");
  add<group_count>(config, "group.count");
  add<group_news>(config, "group.news");
  add<group_relay>(config, "group.relay");
  add<audience_open>(config, "audience.open");
  add<audience_opened>(config, "audience.opened");
  add<audience_change>(config, "audience.change");
  add<node_lost>(config, "node.lost");
  add<peer_hello>(config, "peer.hello");
  add<peer_list>(config, "peer.list");
  add<std::vector<peer_entry>>(config, "peer.hellos");
  add<peer_details>(config, "peer.details");
  add<std::vector<peer_info>>(config, "peer.infos");
  add<absent_peers_get>(config, "peer.absent-get");
  add<std::vector<absent_peer>>(config, "peer.absent");
  add<acceptor_list>(config, "acceptor.list");
  add<std::vector<connection_info>>(config, "acceptor.connections");
  add<acceptor_stats>(config, "acceptor.stats");
  add<std::vector<connection_row>>(config, "acceptor.rows");
  add<acceptor_page_get>(config, "acceptor.page-get");
  add<connection_page>(config, "acceptor.page");
  add<peer_goodbye>(config, "peer.goodbye");
  add<drain_watch>(config, "drain.watch");
  add<node_draining>(config, "node.draining");
  add<acceptor_count_get>(config, "acceptor.count-get");
  add<operator_order>(config, "operator.order");
  add<peer_step_back>(config, "peer.step-back");
  add<node_drain>(config, "node.drain");
  add<node_reload>(config, "node.reload");
  add<node_reload_report>(config, "node.reload-report");
  add<node_log>(config, "node.log");
  add<std::vector<log_level_row>>(config, "node.log-levels");
  add_error_category(config);
}

} // namespace wsrelay
