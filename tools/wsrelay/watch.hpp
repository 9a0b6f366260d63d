// Follows the traffic of one connection.
#pragma once

#include "actors/node_messages.hpp"
#include "net/admin/node_client.hpp"
#include "tools/wsrelay/options.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace wsrelay::cli {

using wall_time = std::chrono::system_clock::time_point;

/// Prints one event as a line, its time in UTC.
std::string to_line(const ws_traffic& event, wall_time when);
std::string to_json_line(const ws_traffic& event, wall_time when);

/// Calls `print` with a line for each event, on another thread, until the
/// connection ends or SIGINT or SIGTERM comes. Throws `command_error`, also
/// when the node is lost meanwhile. For people targets have the names that they
/// had at the beginning. Signals are blocked: see main.
void watch(node_client& node, const options& opts,
           std::function<void(const std::string&)> print);

} // namespace wsrelay::cli
