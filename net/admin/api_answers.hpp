// What the API answers, as JSON documents.
#pragma once

#include "net/admin/admin_view.hpp"
#include "net/admin/api_request.hpp"
#include "net/admin/connection_table.hpp"
#include "net/admin/history.hpp"
#include "net/admin/json_output.hpp"
#include "net/admin/node_client.hpp"
#include "net/admin/sampler.hpp"

#include <string>
#include <vector>

namespace wsrelay {

http_response json_answer(std::uint16_t status, std::string document);

/// Returns {"NAME":[..]}, each object filled by `put_one`.
template <class Range, class PutOne>
http_response list_answer(const char* name, const Range& range,
                          PutOne put_one) {
  return json_answer(200, make_json([&](json_writer& out) {
                       out.StartObject();
                       out.Key(name);
                       put_objects(out, range, put_one);
                       out.EndObject();
                     }));
}

/// The node, its services and endpoints. `sample` may be null.
http_response node_answer(const admin_view& view, const node_sample* sample,
                          milliseconds uptime);

/// Reads a query for connections. Throws `problem`.
connection_query connection_query_of(query_params& params);

http_response connections_answer(const connection_listing& listing,
                                 const connection_query& query);

/// Every target: those with a name, and those without that have connections.
/// Throws `command_error`.
http_response targets_answer(node_client& node,
                             const connection_listing& listing,
                             const admin_view& view);

http_response history_answer(const std::vector<history_point>& points);

/// Returns a point as an object.
std::string to_json(const history_point& point);

} // namespace wsrelay
