// Documents, member by member.
#include "net/admin/api_answers.hpp"

#include "actors/node_version.hpp"
#include "net/admin/api.hpp"
#include "net/admin/json_rows.hpp"
#include "net/admin/traffic_totals.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace wsrelay {

namespace {

constexpr std::uint64_t max_limit = 1000, default_limit = 100;
constexpr std::uint64_t max_offset = 1'000'000'000;

void put_service(json_writer& out, const service_view& service) {
  auto& from = *service.shared;
  std::uint64_t open = 0;
  for (auto& [name, totals] : totals_of(*from.ledger))
    open += totals.open();
  put(out, "name", from.settings.name);
  if (service.retired) {
    out.Key("retired");
    out.Bool(true);
  }
  put(out, "urls", service.urls);
  put(out, "connections", open);
  put(out, "sockets", std::uint64_t{from.places->taken()});
  put(out, "sockets_max", std::uint64_t{from.places->limit()});
  if (auto when = from.certificates_expire())
    put(out, "certificate_expires",
        fmt::format("{:%FT%TZ}",
                    fmt::gmtime(std::chrono::system_clock::to_time_t(*when))));
}

void put_endpoint(json_writer& out, const std::string& service,
                  const std::string& name, const traffic_totals& from) {
  put(out, "service", service);
  put(out, "name", name);
  out.Key("phases");
  out.StartObject();
  for (std::size_t i = 0; i < from.phases.size(); ++i)
    put(out, std::string{to_text(static_cast<connection_phase>(i))}.c_str(),
        from.phases[i]);
  out.EndObject();
  put(out, "opened", from.opened);
  put(out, "messages_in", from.messages_in);
  put(out, "messages_out", from.messages_out);
}

template <class PutAll>
void put_array(json_writer& out, const char* name, PutAll put_all) {
  out.Key(name);
  out.StartArray();
  put_all();
  out.EndArray();
}

std::string own_name(const relay_config& config) {
  if (!config.clusters.empty())
    return config.clusters.front().name;
  return config.services.empty() ? "node" : config.services.front().name;
}

struct target_row {
  std::string name;
  std::string pid;
  std::uint64_t connections = 0;
};

} // namespace

http_response json_answer(std::uint16_t status, std::string document) {
  http_response result;
  result.status = status;
  result.headers = {{"Content-Type", "application/json"},
                    {"Cache-Control", "no-store"}};
  document += '\n';
  result.body = shared_buffer{std::move(document)};
  return result;
}

http_response node_answer(const admin_view& view, const node_sample* sample,
                          milliseconds uptime) {
  auto services = view.services();
  return json_answer(
      200, make_json([&](json_writer& out) {
        out.StartObject();
        put(out, "name", own_name(*view.config()));
        put(out, "version", release_text());
        put(out, "state", to_text(view.state()));
        put(out, "not_ready", why_not_ready(view, sample));
        put(out, "uptime_ms", static_cast<std::uint64_t>(uptime.count()));
        put_array(out, "services", [&] {
          for (auto& each : services) {
            out.StartObject();
            put_service(out, each);
            out.EndObject();
          }
        });
        put_array(out, "endpoints", [&] {
          for (auto& each : services)
            for (auto& [name, totals] : totals_of(*each.shared->ledger)) {
              out.StartObject();
              put_endpoint(out, each.label(), name, totals);
              out.EndObject();
            }
        });
        out.EndObject();
      }));
}

connection_query connection_query_of(query_params& params) {
  connection_query result;
  result.endpoint = params.take("endpoint").value_or("");
  result.target = params.take("target").value_or("");
  result.address = params.take("address").value_or("");
  result.search = params.take("search").value_or("");
  if (auto metadata = params.take("metadata")) {
    auto mark = metadata->find('=');
    result.metadata_key = metadata->substr(0, mark);
    if (mark != metadata->npos)
      result.metadata_value = metadata->substr(mark + 1);
    if (result.metadata_key.empty())
      throw problem{400, "request", "metadata must be KEY or KEY=VALUE"};
  }
  auto sort = params.take("sort").value_or("pid");
  result.descending = sort.starts_with('-');
  result.sort = sort.substr(result.descending ? 1 : 0);
  if (!is_sort_key(result.sort))
    throw problem{400, "request",
                  "sort must be the name of a number or text of a row"};
  result.offset = params.take_number("offset", 0, max_offset);
  result.limit = params.take_number("limit", default_limit, max_limit);
  params.refuse_rest();
  return result;
}

http_response connections_answer(const connection_listing& listing,
                                 const connection_query& query) {
  auto part = select(listing, query);
  return json_answer(
      200, make_json([&](json_writer& out) {
        out.StartObject();
        put(out, "total", std::uint64_t{listing.rows.size()});
        put(out, "matched", std::uint64_t{part.matched});
        std::vector<std::string> missing;
        for (auto& error : listing.missing)
          missing.push_back(error.text);
        put(out, "missing", missing);
        put_array(out, "connections", [&] {
          for (auto* row : part.rows) {
            out.StartObject();
            put_row(out, *row);
            if (row->numbers && !row->numbers->target_pid.empty())
              put(out, "target_name",
                  listing.names->shown(row->numbers->target_pid));
            if (!query.metadata_key.empty())
              put_json(out, "metadata", row->metadata.view());
            out.EndObject();
          }
        });
        out.EndObject();
      }));
}

http_response targets_answer(node_client& node,
                             const connection_listing& listing,
                             const admin_view& view) {
  std::map<std::string, std::uint64_t> by_pid;
  for (auto& row : listing.rows)
    if (row.numbers && !row.numbers->target_pid.empty())
      ++by_pid[row.numbers->target_pid];
  std::vector<target_row> rows;
  for (auto& each : node.names()) {
    if (each.name.starts_with("wsrelay."))
      continue;
    auto counted = by_pid.extract(each.pid);
    rows.push_back({each.name, each.pid, counted ? counted.mapped() : 0});
  }
  for (auto& [pid, connections] : by_pid)
    rows.push_back({"", pid, connections});
  std::map<std::string, std::string> nodes{
      {to_string(node.node().node()), own_name(*view.config())}};
  for (auto& peer : node.peer_details())
    nodes.emplace(peer.node, peer.name);
  return list_answer("targets", rows, [&](json_writer& out, auto& row) {
    auto at = row.pid.find('@');
    auto found = nodes.find(at == row.pid.npos ? "" : row.pid.substr(at + 1));
    put(out, "name", row.name);
    put(out, "pid", row.pid);
    put(out, "node", found == nodes.end() ? std::string{} : found->second);
    put(out, "connections", row.connections);
  });
}

namespace {

void put_point(json_writer& out, const history_point& from) {
  out.StartObject();
  out.Key("t");
  out.Int64(from.time);
  put(out, "span_ms", from.span);
  put(out, "connections", from.connections);
  put(out, "parked", from.parked);
  put(out, "opened", from.opened);
  put(out, "refused", from.refused);
  put(out, "messages_in", from.messages_in);
  put(out, "bytes_in", from.bytes_in);
  put(out, "messages_out", from.messages_out);
  put(out, "bytes_out", from.bytes_out);
  put(out, "dropped", from.dropped);
  put(out, "queued_bytes", from.queued_bytes);
  put(out, "answer_p50_us", from.answer_p50);
  put(out, "answer_p99_us", from.answer_p99);
  put(out, "lag_us", from.lag);
  out.Key("closed");
  out.StartObject();
  for (std::size_t kind = 0; kind < from.closed.size(); ++kind)
    if (from.closed[kind] > 0)
      put(out, close_code_text(kind).c_str(), from.closed[kind]);
  out.EndObject();
  out.EndObject();
}

} // namespace

http_response history_answer(const std::vector<history_point>& points) {
  return json_answer(
      200, make_json([&](json_writer& out) {
        out.StartObject();
        put(out, "period_ms",
            static_cast<std::uint64_t>(sampler::point_period.count()));
        put_array(out, "points", [&] {
          for (auto& point : points)
            put_point(out, point);
        });
        out.EndObject();
      }));
}

std::string to_json(const history_point& point) {
  return make_json([&](json_writer& out) { put_point(out, point); });
}

} // namespace wsrelay
