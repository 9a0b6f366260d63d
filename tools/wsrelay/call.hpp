// Asks a handler actor what it would answer.
#pragma once

#include "net/admin/node_client.hpp"
#include "tools/wsrelay/options.hpp"

#include <string>

namespace wsrelay::cli {

/// Sends the request to the handler and returns its response as it prints. A
/// target that the response holds is told that no connection comes to it.
std::string call(node_client& node, const options& opts);

/// Prints a response: for people the body as it is, made printable; as JSON
/// `status`, `headers` (pairs), `relay` (the command, or null) and `body`, or
/// `body_base64` where it is not UTF-8.
std::string to_lines(const http_response& response);
std::string to_json(const http_response& response);

} // namespace wsrelay::cli
