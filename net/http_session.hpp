// HTTP/1.1 on one socket: reads requests, answers them, and gives the socket
// away when one is upgraded.
#pragma once

#include "net/exchange.hpp"
#include "net/socket_ticket.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace wsrelay {

using http_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                     boost::asio::io_context::executor_type>;

/// Serves HTTP on `socket` until it closes or becomes a WebSocket. Loop thread;
/// returns at once.
void start_http_session(http_socket socket, socket_ticket ticket,
                        exchange_place place, std::string remote_address);

} // namespace wsrelay
