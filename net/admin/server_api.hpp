// The API for servers: what a backend does with connections and names of the
// cluster, by requests that any language can make.
#pragma once

#include "actors/messages.hpp"
#include "net/admin/node_client.hpp"

#include <string_view>

namespace wsrelay {

/// Where its paths begin.
inline constexpr std::string_view server_prefix = "/@";

/// Answers /@connections/PID, /@connections/PID/control and /@names/NAME.
/// Blocks. Throws `problem`, or `command_error` where the node does not answer.
http_response answer_server_call(node_client& node,
                                 const http_request& request);

} // namespace wsrelay
