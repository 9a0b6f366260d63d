// What is listed, as JSON objects: the same for the command line and the API.
#pragma once

#include "actors/node_messages.hpp"
#include "net/admin/json_output.hpp"

#include <string_view>
#include <vector>

namespace wsrelay {

/// Returns whether a peer's node has told about itself; one of protocol 1 does
/// not.
bool is_told(const peer_info& peer);

/// Returns the name of what a `ws.traffic` tells of: "in".
std::string_view to_text(traffic_kind kind) noexcept;

/// Adds the members of a row to the object that is open.
void put_row(json_writer& out, const connection_row& row);
void put_row(json_writer& out, const directory_row& row);
void put_row(json_writer& out, const peer_info& peer);

void put_row(json_writer& out, const node_reload_report& report);
void put_row(json_writer& out, const std::vector<log_level_row>& levels);

/// The same of all that is told of one connection.
void put_row(json_writer& out, const connection_report& report);

} // namespace wsrelay
