// Errors of reads.
#include "net/ws_read_end.hpp"

#include <boost/beast/websocket/error.hpp>

namespace wsrelay {

read_end to_read_end(boost::system::error_code ec) {
  namespace websocket = boost::beast::websocket;
  if (ec == websocket::error::closed)
    return {end_cause::client_closed, 0};
  if (ec == websocket::error::message_too_big
      || ec == websocket::error::buffer_overflow)
    return {end_cause::protocol_error, 1009};
  if (ec == websocket::error::bad_frame_payload)
    return {end_cause::protocol_error, 1007};
  if (ec == websocket::condition::protocol_violation)
    return {end_cause::protocol_error, 1002};
  return {end_cause::connection_lost, 0};
}

} // namespace wsrelay
