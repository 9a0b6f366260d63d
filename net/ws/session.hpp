// A WebSocket on its loop: RFC 6455 behind a frame_port.
#pragma once

#include "actors/acceptor.hpp"
#include "actors/connection.hpp"
#include "config/config.hpp"
#include "net/loop/byte_stream.hpp"
#include "net/loop/loop_context.hpp"
#include "net/ws/deflate_pool.hpp"
#include "protocol/deflate_offer.hpp"
#include "protocol/http_fields.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace wsrelay {

/// What a connection holds, within limits, until its socket is closed.
class connection_hold {
public:
  virtual ~connection_hold() = default;

  /// Its actor is this one.
  virtual void on_open(const caf::actor& client) = 0;
};

/// A request that was let in.
struct admission {
  connection_config config;
  std::shared_ptr<const relay_options> options; // of the router
  std::string endpoint;
  http_fields headers; // for the 101: the handler's, checked, and what was
                       // agreed on
  std::string remote_address;
  std::optional<deflate_agreement> deflate{};
  std::unique_ptr<connection_hold> hold{}; // null = nothing
};

/// A request that is refused by a close frame, for browsers' scripts to read.
struct refused_upgrade {
  std::shared_ptr<const relay_options> options; // of the router
  http_fields headers;                          // for the 101
  std::uint16_t code;
  std::string reason;
};

/// Answers 101, lets the acceptor open the connection's actor, and relays until
/// both have ended. `stream` may hold input that came behind the request; `key`
/// is the Sec-WebSocket-Key, `pool` is needed for `admission::deflate`. Loop
/// thread; returns at once.
void start_ws_session(loop_context& home, std::unique_ptr<byte_stream> stream,
                      std::string_view key, admission admitted,
                      acceptor_state& acceptor,
                      const std::shared_ptr<deflate_pool>& pool = nullptr);

/// Answers 101, closes, and waits for the client as long as a close may take.
/// There is no actor. Loop thread; returns at once.
void refuse_ws_session(loop_context& home, std::unique_ptr<byte_stream> stream,
                       std::string_view key, const refused_upgrade& refused);

} // namespace wsrelay
