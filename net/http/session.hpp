// HTTP/1.1 on one socket: reads requests, answers them, and gives the socket
// away when one is upgraded.
#pragma once

#include "net/http/exchange.hpp"
#include "net/loop/socket_ticket.hpp"
#include "net/loop/tcp_socket.hpp"

#include <string>

namespace wsrelay {

/// Serves HTTP on `socket` until it closes or becomes a WebSocket. Loop thread;
/// returns at once.
void start_http_session(tcp_socket socket, socket_ticket ticket,
                        exchange_place place, std::string remote_address);

} // namespace wsrelay
