// Asks an HTTP/1.1 server what to do with a request: `upstream: URL`.
#pragma once

#include "actors/messages.hpp"
#include "config/config.hpp"
#include "net/loop/loop.hpp"
#include "protocol/problem.hpp"

#include <functional>
#include <variant>

namespace wsrelay {

using upstream_result = std::variant<http_response, problem>;

/// Forwards method, path, query, headers and body, and gives the answer to
/// `done`, on the loop's thread, never before this returns. Hop-by-hop fields
/// stay behind; X-Forwarded-For, -Proto and -Host are set, whatever the client
/// sent. Problems: 502 when the server cannot be reached or speaks no HTTP, 504
/// when it is too slow. One connection per request.
void ask_upstream(loop& home, const upstream_handler& upstream,
                  const http_request& request,
                  std::function<void(upstream_result)> done);

} // namespace wsrelay
