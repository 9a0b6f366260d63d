// The stable names of the messages.
#include "actors/node_messages.hpp"

#include "actors/error.hpp"

namespace wsrelay {

void add_message_types(caf::actor_system_config& config) {
  config.add_message_type<shared_buffer>("ws.buffer");
  config.add_message_type<ws_join>("ws.join");
  config.add_message_type<ws_message>("ws.message");
  config.add_message_type<ws_heartbeat>("ws.heartbeat");
  config.add_message_type<ws_leave>("ws.leave");
  config.add_message_type<ws_refused>("ws.refused");
  config.add_message_type<ws_send>("ws.send");
  config.add_message_type<ws_close>("ws.close");
  config.add_message_type<ws_control>("ws.control");
  config.add_message_type<ws_event>("ws.event");
  config.add_message_type<connection_stats_get>("connection.stats-get");
  config.add_message_type<connection_stats>("connection.stats");
  config.add_message_type<ws_watch>("ws.watch");
  config.add_message_type<ws_traffic>("ws.traffic");
  config.add_message_type<http_request>("http.request");
  config.add_message_type<http_response>("http.response");
  config.add_message_type<directory_put>("directory.put");
  config.add_message_type<directory_offer>("directory.offer");
  config.add_message_type<directory_erase>("directory.erase");
  config.add_message_type<directory_get>("directory.get");
  config.add_message_type<directory_list>("directory.list");
  config.add_message_type<std::vector<directory_entry>>("directory.entries");
  config.add_message_type<audience_open>("audience.open");
  config.add_message_type<audience_opened>("audience.opened");
  config.add_message_type<audience_change>("audience.change");
  config.add_message_type<node_lost>("node.lost");
  config.add_message_type<peer_hello>("peer.hello");
  config.add_message_type<peer_list>("peer.list");
  config.add_message_type<std::vector<peer_hello>>("peer.hellos");
  config.add_message_type<acceptor_list>("acceptor.list");
  config.add_message_type<std::vector<connection_info>>("acceptor.connections");
  config.add_message_type<acceptor_stats>("acceptor.stats");
  config.add_message_type<std::vector<connection_row>>("acceptor.rows");
  add_error_category(config);
}

} // namespace wsrelay
