// HTTP/1.1 on one socket: reads requests, answers them, and gives the socket
// away when one is upgraded.
#pragma once

#include "net/exchange.hpp"
#include "net/gathered_socket.hpp"

#include <memory>
#include <string>

namespace wsrelay {

/// Serves HTTP on `socket` until it closes or becomes a WebSocket. Loop thread;
/// returns at once.
void start_http_session(std::shared_ptr<gathered_socket> socket,
                        exchange_place place, std::string remote_address);

} // namespace wsrelay
