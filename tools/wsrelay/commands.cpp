// Lists, and requests to one connection.
#include "tools/wsrelay/commands.hpp"

#include "actors/absent_peers.hpp"
#include "actors/directory.hpp"
#include "net/admin/inspection.hpp"
#include "net/admin/json_output.hpp"
#include "net/admin/json_rows.hpp"
#include "protocol/pid.hpp"
#include "tools/wsrelay/call.hpp"
#include "tools/wsrelay/columns.hpp"
#include "tools/wsrelay/drain.hpp"
#include "tools/wsrelay/note_order.hpp"
#include "tools/wsrelay/ps.hpp"
#include "tools/wsrelay/report.hpp"
#include "tools/wsrelay/text.hpp"

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
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

// A node of an earlier release does not tell.
std::vector<absent_peer> absent_peers_of(node_client& node) {
  std::vector<std::pair<caf::actor, absent_peers_get>> question;
  question.emplace_back(node.directory(), absent_peers_get{});
  auto answers = node.ask_all<std::vector<absent_peer>>(question);
  return answers.front() ? *answers.front() : std::vector<absent_peer>{};
}

const char* state_of(const absent_peer& peer) {
  return peer.is_connecting ? "connecting" : "absent";
}

table_row row_of(const absent_peer& peer) {
  return {peer.address, state_of(peer), peer.reason.empty() ? "-" : peer.reason,
          age_text(peer.since)};
}

void put_row(json_writer& out, const absent_peer& peer) {
  put(out, "name", "");
  put(out, "node", "");
  put(out, "address", peer.address);
  put(out, "state", state_of(peer));
  put(out, "since_ms", static_cast<std::uint64_t>(peer.since.count()));
  put(out, "reason", peer.reason);
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

template <class Row>
void put_rows(json_writer& out, const std::vector<Row>& rows) {
  for (auto& row : rows) {
    out.StartObject();
    put_row(out, row);
    out.EndObject();
  }
}

std::string peers(node_client& node, const options& opts) {
  auto all = node.peer_details();
  auto absent = absent_peers_of(node);
  if (opts.json)
    return make_json([&](json_writer& out) {
             out.StartArray();
             put_rows(out, all);
             put_rows(out, absent);
             out.EndArray();
           })
           + "\n";
  std::vector<table_row> table;
  for (auto& peer : all)
    table.push_back(row_of(peer));
  auto result = to_table(peer_columns, table);
  table.clear();
  for (auto& peer : absent)
    table.push_back(row_of(peer));
  return table.empty() ? result : result + to_table(absent_columns, table);
}

// -- one connection -----------------------------------------------------------

// Silence is success, for people; programs get a document.
std::string done(const options& opts) {
  return opts.json ? "{\"ok\":true}\n" : "";
}

template <class Message>
std::string tell(node_client& node, const options& opts, std::string_view order,
                 Message message) {
  auto whom = node.find(opts.subject);
  operator_order note{std::string{order}, opts.subject, {}, {}};
  if constexpr (std::is_same_v<Message, ws_close>)
    note.code = message.code;
  note_order(node, std::move(note));
  node.ask<void>(whom, std::move(message), opts.subject);
  return done(opts);
}

std::string transfer(node_client& node, const options& opts) {
  ws_control control;
  control.target_pid = opts.target;
  auto whom = node.find(opts.subject);
  note_order(node, {"transfer", opts.subject, {}, opts.target});
  node.ask<void>(whom, std::move(control), opts.subject + " to " + opts.target);
  return done(opts);
}

std::string send(node_client& node, const options& opts) {
  auto type = opts.binary ? message_type::binary : message_type::text;
  return tell(node, opts, "send", ws_send{type, opts.text});
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
      return tell(node, opts, "close", ws_close{opts.code, opts.reason});
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
