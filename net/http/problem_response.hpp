// Refusals as responses.
#pragma once

#include "actors/error.hpp"
#include "actors/messages.hpp"
#include "protocol/problem.hpp"

#include <caf/sec.hpp>

#include <string>

namespace wsrelay {

/// Returns the response that carries a problem document. With 426 it names what
/// is spoken here (RFC 9110 section 15.5.22, RFC 6455 section 4.4).
inline http_response to_response(const problem& value) {
  http_response result;
  result.status = static_cast<std::uint16_t>(value.status);
  result.headers = {{"Content-Type", std::string{problem_content_type}},
                    {"Cache-Control", "no-store"}};
  if (value.status == 426)
    result.headers.insert(
        result.headers.end(),
        {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}});
  if (value.retry_after > 0)
    result.headers.emplace_back("Retry-After",
                                std::to_string(value.retry_after));
  result.body = to_json(value);
  return result;
}

/// Returns what a handler's error means to the client.
inline problem handler_problem(const caf::error& error) {
  if (error == caf::sec::request_timeout || is(error, errc::peer_silent))
    return {504, "handler", "the handler did not answer in time"};
  if (is(error, errc::no_such_target) || is(error, errc::no_such_peer)
      || is(error, errc::busy))
    return {503, "handler", "the handler is not available"};
  return {500, "handler", "the handler failed"};
}

} // namespace wsrelay
