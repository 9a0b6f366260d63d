// A WebSocket on its loop: RFC 6455 behind a frame_port.
#pragma once

#include "actors/acceptor.hpp"
#include "actors/connection.hpp"
#include "config/config.hpp"
#include "net/loop/byte_stream.hpp"
#include "net/loop/loop_context.hpp"
#include "protocol/http_fields.hpp"

#include <memory>
#include <string>

namespace wsrelay {

/// A request that was let in.
struct admission {
  connection_config config;
  std::shared_ptr<const relay_options> options; // of the router
  std::string endpoint;
  http_fields headers; // the handler's for the 101, already checked
  std::string remote_address;
};

/// Answers 101, lets the acceptor open the connection's actor, and relays until
/// both have ended. `stream` may hold input that came behind the request; `key`
/// is the Sec-WebSocket-Key. Loop thread; returns at once.
void start_ws_session(loop_context& home, std::unique_ptr<byte_stream> stream,
                      std::string_view key, admission admitted,
                      acceptor_state& acceptor);

} // namespace wsrelay
