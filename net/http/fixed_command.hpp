// A fixed relay command, filled in with what a request tells.
#pragma once

#include "actors/messages.hpp"
#include "config/config.hpp"
#include "protocol/path.hpp"
#include "protocol/relay_command.hpp"

namespace wsrelay {

/// Returns the command of `handler` with the path's parameters and the listed
/// header fields and query parameters, as members `headers` and `query` of its
/// metadata; but for its target. What the request does not have, or not as
/// UTF-8, is left out; of a query parameter the first counts, and of a query
/// the first thousand.
relay_command fill_in(const relay_handler& handler, const http_request& request,
                      const path_params& params);

} // namespace wsrelay
