// A WebSocket on its loop: Beast's protocol engine behind a frame_port.
#pragma once

#include "actors/connection.hpp"
#include "config/config.hpp"
#include "net/gathered_socket.hpp"
#include "protocol/http_fields.hpp"

#include <memory>
#include <string>

namespace wsrelay {

/// What the 101 needs of the request and of the handler's answer.
struct ws_handshake {
  std::string key;     // Sec-WebSocket-Key
  http_fields headers; // for the response, already checked
};

/// A request that was let in.
struct admission {
  connection_config config;
  const relay_options* options; // of the router; outlives every session
  std::string endpoint;
  http_fields headers; // the handler's, for the 101
};

/// Who is told about a new connection.
struct ws_registration {
  caf::actor acceptor;
  std::string remote_address;
};

/// Answers 101 on `socket`, spawns the connection actor on the socket's loop
/// and relays until both have ended. Loop thread; returns at once.
void start_ws_session(std::shared_ptr<gathered_socket> socket,
                      ws_handshake handshake, admission admitted,
                      ws_registration registration);

} // namespace wsrelay
