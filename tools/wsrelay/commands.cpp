// Lists, and requests to one connection.
#include "tools/wsrelay/commands.hpp"

#include "actors/directory.hpp"
#include "protocol/pid.hpp"
#include "tools/wsrelay/call.hpp"
#include "tools/wsrelay/drain.hpp"
#include "tools/wsrelay/json_output.hpp"
#include "tools/wsrelay/ps.hpp"
#include "tools/wsrelay/text.hpp"

#include <vector>

namespace wsrelay::cli {

namespace {

// -- names --------------------------------------------------------------------

std::string targets(session& node, const options& opts) {
  auto all = node.names();
  if (!opts.all)
    std::erase_if(all,
                  [](auto& x) { return x.name.starts_with(reserved_prefix); });
  if (opts.json)
    return make_json_array(all, [](json_writer& out, auto& entry) {
      put(out, "name", entry.name);
      put(out, "pid", entry.pid);
    });
  std::vector<table_row> table;
  for (auto& entry : all)
    table.push_back({entry.name, entry.pid});
  return to_table({"NAME", "PID"}, table, 2);
}

// What a node of protocol 1 does not know of others is "-".
bool is_told(const peer_info& peer) {
  return peer.version.protocol > 0;
}

std::uint64_t count_of(milliseconds time) {
  return static_cast<std::uint64_t>(time.count());
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

std::string peers(session& node, const options& opts) {
  auto all = node.peer_details();
  if (opts.json)
    return make_json_array(all, [](json_writer& out, auto& peer) {
      put(out, "name", peer.name);
      put(out, "node", peer.node);
      if (!is_told(peer))
        return;
      put(out, "version", release_of(peer.version));
      put(out, "protocol", std::uint64_t{peer.version.protocol});
      put(out, "features", peer.version.features);
      put(out, "address", peer.address);
      put(out, "connected_ms", count_of(peer.connected));
      put(out, "heard_ms", count_of(peer.heard));
      put(out, "waiting_bytes", peer.waiting);
    });
  std::vector<table_row> table;
  for (auto& peer : all)
    table.push_back(row_of(peer));
  return to_table({"NAME", "ADDRESS", "NODE", "VERSION", "PROTOCOL", "SINCE",
                   "HEARD", "WAITING"},
                  table, 4);
}

// -- one connection -----------------------------------------------------------

// Silence is success, for people; programs get a document.
std::string done(const options& opts) {
  return opts.json ? "{\"ok\":true}\n" : "";
}

template <class Message>
std::string tell(session& node, const options& opts, Message message) {
  node.ask<void>(node.find(opts.subject), std::move(message), opts.subject);
  return done(opts);
}

std::string transfer(session& node, const options& opts) {
  ws_control control;
  control.target_pid = opts.target;
  node.ask<void>(node.find(opts.subject), std::move(control),
                 opts.subject + " to " + opts.target);
  return done(opts);
}

std::string send(session& node, const options& opts) {
  auto type = opts.binary ? message_type::binary : message_type::text;
  return tell(node, opts, ws_send{type, opts.text});
}

std::string run_one(session& node, const options& opts) {
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
    case command::ps:
    case command::drain:
    case command::watch:
    case command::completion:
      break;
  }
  return {};
}

} // namespace

command_output run_command(session& node, const options& opts,
                           const progress& tell) {
  if (opts.what == command::drain)
    return drain(node, opts, tell);
  if (opts.what == command::ps)
    return ps(node, opts);
  return {run_one(node, opts), {}};
}

} // namespace wsrelay::cli
