// Lists, and requests to one connection.
#include "tools/wsrelay/commands.hpp"

#include "actors/directory.hpp"
#include "net/admin/inspection.hpp"
#include "net/admin/json_output.hpp"
#include "net/admin/json_rows.hpp"
#include "protocol/pid.hpp"
#include "tools/wsrelay/call.hpp"
#include "tools/wsrelay/columns.hpp"
#include "tools/wsrelay/drain.hpp"
#include "tools/wsrelay/ps.hpp"
#include "tools/wsrelay/report.hpp"
#include "tools/wsrelay/text.hpp"

#include <vector>

namespace wsrelay::cli {

namespace {

// -- names --------------------------------------------------------------------

std::string targets(node_client& node, const options& opts) {
  auto all = node.names();
  if (!opts.all)
    std::erase_if(all,
                  [](auto& x) { return x.name.starts_with(reserved_prefix); });
  if (opts.json)
    return make_json_array(
        all, [](json_writer& out, auto& entry) { put_row(out, entry); });
  std::vector<table_row> table;
  for (auto& entry : all)
    table.push_back({entry.name, entry.pid});
  return to_table(target_columns, table);
}

table_row row_of(const peer_info& peer) {
  if (!is_told(peer))
    return {peer.name, "-", peer.node, "-", "-", "-", "-", "-"};
  return {peer.name,
          peer.address,
          peer.node,
          release_of(peer.version),
          std::to_string(peer.version.protocol),
          age_text(peer.connected),
          age_text(peer.heard),
          std::to_string(peer.waiting)};
}

std::string peers(node_client& node, const options& opts) {
  auto all = node.peer_details();
  if (opts.json)
    return make_json_array(
        all, [](json_writer& out, auto& peer) { put_row(out, peer); });
  std::vector<table_row> table;
  for (auto& peer : all)
    table.push_back(row_of(peer));
  return to_table(peer_columns, table);
}

// -- one connection -----------------------------------------------------------

// Silence is success, for people; programs get a document.
std::string done(const options& opts) {
  return opts.json ? "{\"ok\":true}\n" : "";
}

template <class Message>
std::string tell(node_client& node, const options& opts, Message message) {
  node.ask<void>(node.find(opts.subject), std::move(message), opts.subject);
  return done(opts);
}

std::string transfer(node_client& node, const options& opts) {
  ws_control control;
  control.target_pid = opts.target;
  node.ask<void>(node.find(opts.subject), std::move(control),
                 opts.subject + " to " + opts.target);
  return done(opts);
}

std::string send(node_client& node, const options& opts) {
  auto type = opts.binary ? message_type::binary : message_type::text;
  return tell(node, opts, ws_send{type, opts.text});
}

// -- the node -----------------------------------------------------------------

std::string inspect(node_client& node, const options& opts) {
  auto report = inspect_connection(node, opts.subject);
  return opts.json ? make_json([&](json_writer& out) {
                       out.StartObject();
                       put_row(out, report);
                       out.EndObject();
                     }) + "\n"
                   : to_lines(report);
}

std::string reload(node_client& node, const options& opts) {
  auto report = node.ask<node_reload_report>(
      node.find("wsrelay.node"), node_reload{}, "the configuration");
  if (opts.json)
    return make_json([&](json_writer& out) {
             out.StartObject();
             put_row(out, report);
             out.EndObject();
           })
           + "\n";
  std::string result;
  for (auto* lines : {&report.changed, &report.kept})
    for (auto& line : *lines)
      result += printable(line) + "\n";
  return result.empty() ? "nothing has changed\n" : result;
}

std::string log_levels(node_client& node, const options& opts) {
  auto rows = node.ask<std::vector<log_level_row>>(
      node.find("wsrelay.node"), node_log{opts.level, opts.part}, "the log");
  if (opts.json)
    return make_json([&](json_writer& out) {
             out.StartObject();
             put_row(out, rows);
             out.EndObject();
           })
           + "\n";
  std::vector<table_row> table;
  for (auto& row : rows)
    table.push_back({row.part, row.level});
  return to_table(level_columns, table);
}

std::string run_one(node_client& node, const options& opts) {
  switch (opts.what) {
    case command::targets:
      return targets(node, opts);
    case command::peers:
      return peers(node, opts);
    case command::send:
      return send(node, opts);
    case command::close:
      return tell(node, opts, ws_close{opts.code, opts.reason});
    case command::transfer:
      return transfer(node, opts);
    case command::call:
      return call(node, opts);
    case command::inspect:
      return inspect(node, opts);
    case command::reload:
      return reload(node, opts);
    case command::log:
      return log_levels(node, opts);
    case command::ps:
    case command::drain:
    case command::watch:
    case command::completion:
      break;
  }
  return {};
}

} // namespace

command_output run_command(node_client& node, const options& opts,
                           const progress& tell) {
  if (opts.what == command::drain)
    return drain(node, opts, tell);
  if (opts.what == command::ps)
    return ps(node, opts);
  return {run_one(node, opts), {}};
}

} // namespace wsrelay::cli
