// A WebSocket on its loop: RFC 6455 behind a frame_port.
#pragma once

#include "actors/connection.hpp"
#include "config/config.hpp"
#include "net/loop/loop.hpp"
#include "net/loop/socket_ticket.hpp"
#include "protocol/http_fields.hpp"

#include <string>

namespace wsrelay {

/// A request that was let in.
struct admission {
  connection_config config;
  const relay_options* options; // of the router; outlives every session
  std::string endpoint;
  http_fields headers; // the handler's for the 101, already checked
};

/// A socket whose HTTP is over.
struct upgraded_socket {
  loop& home;
  int descriptor;         // non-blocking, taken over
  std::string read_ahead; // what came behind the request
  socket_ticket ticket;
  std::string key; // Sec-WebSocket-Key
  std::string remote_address;
};

/// Answers 101, spawns the connection actor on the socket's loop, tells the
/// acceptor, and relays until both have ended. Loop thread; returns at once.
void start_ws_session(upgraded_socket socket, admission admitted,
                      const caf::actor& acceptor);

} // namespace wsrelay
