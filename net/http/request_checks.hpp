// What is checked of a request for an endpoint before anybody is asked.
#pragma once

#include "config/route_table.hpp"
#include "net/http/service.hpp"
#include "protocol/problem.hpp"

#include <optional>
#include <string>

namespace wsrelay {

struct request_verdict {
  std::optional<problem> refusal;
  bool websocket = false;  // it asks for one, and nothing stands against it
  bool may_accept = false; // a refusal from now on is a close frame
  std::string culprit;     // the origin that is refused, for the log
  std::string own;         // and the relay's, where another one is refused
};

/// Checks, in this order, that a request for a WebSocket is one by RFC 6455,
/// comes from an allowed origin, and offers subprotocols as it should.
request_verdict check_request(service& owner, const endpoint_match& match,
                              const http_request& request);

} // namespace wsrelay
